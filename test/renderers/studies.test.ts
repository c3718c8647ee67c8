import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { mirage, REPOSITORY } from '../support/study-folder.ts'
import { launch, openRenderer } from './browser.ts'
import { outputsOf, savedObjects } from './studies.ts'

vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 })

const READY = {
  compare: 'canvas[data-role]',
  gallery: '.gallery-tile',
  chart: '.chart-plot svg, .chart-plot canvas',
  table: 'table',
  training: '.training-plots',
  rate: '.m-input',
}

let browser: Browser
let folder: string
beforeAll(async () => {
  browser = await launch()
  folder = await mkdtemp(join(tmpdir(), 'mirage-studies-'))
  await cp(join(REPOSITORY, 'notebooks'), folder, {
    recursive: true,
    filter: path => !/\.mirage-cache|\.mirage\.outputs/.test(path),
  })
})
afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true, force: true })
})

it.each([
  ['quickstart', ['chart', 'compare', 'table'], []],
  ['judging', ['compare', 'table'], ['--replay', 'judging/replay.jsonl']],
])('every output of the study %s is drawn as the kernel wrote it', async (study, renderers, options) => {
  const args = options.map(option => (option.endsWith('.jsonl') ? join(folder, option) : option))
  const { code, stdout, stderr } = await mirage(['run', join(folder, `${study}.mirage.md`), ...args], {
    OPENAI_API_KEY: '',
  })
  expect(code, stdout + stderr).toBe(0)
  const outputs = outputsOf(folder, study)
  expect([...new Set(outputs.map(({ renderer }) => renderer))]).toEqual(expect.arrayContaining(renderers))
  const objects = savedObjects(folder, study)
  for (const { renderer, cell, id, json } of outputs) {
    const view = await openRenderer(browser, { renderer, objects, theme: 'dark' })
    await view.show(json)
    await view.page.locator(READY[renderer]).first().waitFor()
    await view.settle()
    const alerts = await view.page.getByRole('alert').allTextContents()
    expect([...alerts, ...view.problems], `${cell} ${id}`).toEqual([])
    await view.close()
  }
})
