import { resolve } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { launch, openRenderer } from './browser.ts'
import { outputsOf, savedObjects, savedStudies } from './studies.ts'

vi.setConfig({ testTimeout: 120_000 })

const ROOT = resolve(import.meta.dirname, '../..')
const READY = {
  compare: 'canvas[data-role]',
  gallery: '.gallery-tile',
  chart: '.chart-plot svg, .chart-plot canvas',
  table: 'table',
  training: '.training-plots',
}

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

it.each(savedStudies(ROOT))('every saved output of %s is drawn as the kernel wrote it', async study => {
  const outputs = outputsOf(ROOT, study)
  expect(outputs.length).toBeGreaterThan(0)
  const objects = savedObjects(ROOT, study)
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
