import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Host, startHost } from './support/host.ts'
import { findChromium } from './support/host-paths.ts'
import { kernelsFrom } from './support/processes.ts'
import { gatedCell, LOAD, LOOK, studyText, writeStudy, writeTriplets } from './support/studies.ts'
import { BROWSER_ARGS, Workbench } from './support/workbench.ts'

// From the first minute to the file that is shared, in a fresh VS Code that has the package and nothing else.
let host: Host
let workbench: Workbench

beforeAll(async () => {
  host = await startHost()
  await writeTriplets(host.workspace)
  for (const name of ['shown', 'grows']) await writeStudy(host.workspace, `${name}.mirage.md`, [LOAD, LOOK])
  workbench = await Workbench.open(host, { height: 2000 })
}, 200_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench?.screenshot(task.name)
})

afterAll(async () => {
  await workbench?.close()
  await host?.stop()
}, 60_000)

const executing = () => workbench.page.locator('.codicon-notebook-state-executing').first()

describe('the packed extension in a fresh VS Code', () => {
  test('a window without a study does not load it; a new study comes from a template', async () => {
    expect(await workbench.kernelStatus().count()).toBe(0)
    await workbench.command('Mirage: New Study')
    await workbench.pick('Score Hallucination')
    await workbench.answer(join(host.workspace, 'asked.mirage.md'))
    await workbench.cells().nth(4).waitFor({ timeout: 120_000 })
    const text = await readFile(join(host.workspace, 'asked.mirage.md'), 'utf8')
    expect(text).toContain('title: "asked"')
    expect(await workbench.isDirty()).toBe(false)
    await workbench.kernelStatus().waitFor()
    await workbench.closeEditor()
  })

  test('a new cell is chosen by what it does, and gets an id when the study is saved', async () => {
    await workbench.openStudy('grows.mirage.md')
    await workbench.cell('compare').locator('.cell-statusbar-container').click()
    await workbench.command('Mirage: New Cell')
    await workbench.pick('Export')
    await workbench.cell('export:').waitFor()
    await workbench.page.keyboard.press('Escape')
    await workbench.page.keyboard.press('ControlOrMeta+S')
    await expect
      .poll(() => readFile(join(host.workspace, 'grows.mirage.md'), 'utf8'), { timeout: 20_000 })
      .toContain('```yaml mirage id=export\nexport:')
    // The file is there before the editor knows that it was saved.
    await expect.poll(() => workbench.isDirty(), { timeout: 60_000 }).toBe(false)
    await workbench.closeEditor()
  })

  test('runs on the Node that it carries; closed and opened again, outputs are there and the file is clean', async () => {
    await workbench.openStudy('shown.mirage.md')
    await workbench.runAll()
    await workbench.succeeded(2)
    const [kernel] = kernelsFrom(host.root)
    expect(kernel.command).toMatch(/globalStorage\/mirage-research\.mirage\/node\/[^/]+\/node/)
    const before = await readFile(join(host.workspace, 'shown.mirage.md'))
    await workbench.closeEditor()
    await expect.poll(() => kernelsFrom(host.root), { timeout: 20_000 }).toEqual([])
    await workbench.openStudy('shown.mirage.md')
    await workbench.output('canvas.mirage-pane-canvas[data-role="sr"][data-state="ready"]')
    expect(await workbench.isDirty()).toBe(false)
    expect(await readFile(join(host.workspace, 'shown.mirage.md'))).toEqual(before)
  })

  test('a restart ends the kernel, and the next cell has a new one', async () => {
    await workbench.runAll()
    await workbench.succeeded(2)
    const [before] = kernelsFrom(host.root)
    await workbench.command('Mirage: Restart Kernel')
    await expect.poll(() => kernelsFrom(host.root), { timeout: 20_000 }).toEqual([])
    await workbench.runCell('triplets')
    await expect.poll(() => kernelsFrom(host.root).length, { timeout: 20_000 }).toBe(1)
    expect(kernelsFrom(host.root)[0].pid).not.toBe(before.pid)
  })

  test('exported as HTML, it shows its images in a browser without an editor', async () => {
    const file = join(host.workspace, 'shared.html')
    await workbench.command('Mirage: Export Study')
    await workbench.pick('HTML')
    await workbench.answer(file)
    await workbench.page.getByText(`Wrote ${file}`).first().waitFor()
    await withPage(async page => {
      const problems: string[] = []
      page.on('pageerror', error => problems.push(error.message))
      page.on('console', message => message.type() === 'error' && problems.push(message.text()))
      page.on('request', request => /^(file|data|blob):/.test(request.url()) || problems.push(request.url()))
      await page.goto(pathToFileURL(file).href)
      const pane = page.locator('canvas.mirage-pane-canvas[data-role="sr"][data-state="ready"]').first()
      await pane.waitFor()
      // A renderer that works changes with the keys.
      await pane.click()
      await page.keyboard.press('?')
      await page.getByText('These keys').first().waitFor()
      expect(problems).toEqual([])
    })
    await workbench.closeEditor()
  })

  test('a run is interrupted, and a run survives the reload of its window, which sees it finish', async () => {
    // Of the study before.
    await expect.poll(() => kernelsFrom(host.root), { timeout: 20_000 }).toEqual([])
    const path = join(host.workspace, 'gated.mirage.md')
    await writeFile(path, `${studyText('gated', [LOAD])}\n${gatedCell(host.workspace)}`)
    await workbench.openStudy('gated.mirage.md')
    await workbench.runAll()
    await workbench.succeeded(1)
    await executing().waitFor()
    await workbench.command('Mirage: Interrupt')
    await executing().waitFor({ state: 'hidden' })

    await workbench.runCell('existsSync')
    await executing().waitFor()
    const [kernel] = kernelsFrom(host.root)
    await workbench.reload()
    await workbench.cells().first().waitFor({ timeout: 240_000 })
    await executing().waitFor()
    expect(kernelsFrom(host.root).map(({ pid }) => pid)).toEqual([kernel.pid])
    await writeFile(join(host.workspace, 'go'), '')
    await workbench.output('text=through the gate')
    await workbench.succeeded(1)
    expect(await workbench.isDirty()).toBe(false)
    await workbench.closeEditor()
    await expect.poll(() => kernelsFrom(host.root), { timeout: 20_000 }).toEqual([])
  })

  test('the doctor says what works', async () => {
    await workbench.command('Mirage: Doctor')
    await workbench.page
      .locator('.quick-input-list .monaco-list-row', { hasText: 'realesr-general-x4v3' })
      .first()
      .waitFor({ timeout: 120_000 })
    await workbench.page.keyboard.press('Escape')
  })
}, 600_000)

async function withPage(act: (page: Page) => Promise<void>): Promise<void> {
  const browser: Browser = await chromium.launch({ executablePath: findChromium(), args: BROWSER_ARGS })
  try {
    await act(await browser.newPage())
  } finally {
    await browser.close()
  }
}
