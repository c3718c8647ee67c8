import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Host, startHost } from './support/host.ts'
import { LOAD, LOOK, writeStudy, writeTriplets } from './support/studies.ts'
import { Workbench } from './support/workbench.ts'

const SAVE = { id: 'save', text: 'export: { of: photos, to: photos.csv }' }

let host: Host
let workbench: Workbench

beforeAll(async () => {
  host = await startHost()
  await writeTriplets(host.workspace)
  await writeStudy(host.workspace, 'edited.mirage.md', [LOAD, LOOK, SAVE])
  await writeFile(join(host.workspace, 'broken.mirage.md'), '# Broken\n\n```yaml mirage id=a\ninfer: {}\n')
  workbench = await Workbench.open(host, { height: 3000 })
  await workbench.openStudy('edited.mirage.md')
}, 200_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench?.screenshot(task.name)
})

afterAll(async () => {
  await workbench?.close()
  await host?.stop()
}, 60_000)

const stale = () => workbench.page.locator('.cell-statusbar-container:visible', { hasText: 'stale' })

describe('writing a study in a real VS Code', () => {
  test('editing one cell makes what depends on it stale, and nothing else', async () => {
    await workbench.runAll()
    await workbench.succeeded(3)
    await workbench.editCell('compare', 'compare: { of: photos, rows: [left], as: shown }')
    await stale().first().waitFor()
    expect(await stale().count()).toBe(1)
    await workbench.command('Mirage: Run Stale Cells')
    await stale().first().waitFor({ state: 'hidden' })
    await workbench.succeeded(3)
  })

  test('completes a parameter', async () => {
    await workbench.editCell('compare', 'compare: { of: photos, meth')
    await workbench.page.keyboard.press('ControlOrMeta+Space')
    await workbench.page.locator('.suggest-widget .monaco-list-row', { hasText: 'methods' }).first().waitFor()
    await workbench.page.keyboard.press('Enter')
    await workbench.cell('compare: { of: photos, methods: ').waitFor()
    await workbench.page.keyboard.press('Escape')
    await workbench.editCell('compare', LOOK.text)
  })

  test('shows a problem and corrects it', async () => {
    await workbench.editCell('export', 'export: { off: photos, to: photos.csv }')
    await workbench.page.locator('.squiggly-error').first().waitFor()
    await workbench.page.keyboard.press('ControlOrMeta+Home')
    for (let i = 0; i < 11; i++) await workbench.page.keyboard.press('ArrowRight')
    await workbench.page.keyboard.press('ControlOrMeta+.')
    await workbench.page.locator('.action-widget', { hasText: 'Change to "of"' }).waitFor()
    await workbench.page.keyboard.press('Enter')
    await workbench.cell('export: { of: photos').waitFor()
    await workbench.page.locator('.squiggly-error').first().waitFor({ state: 'detached' })
  })

  test('renames a result wherever it is read', async () => {
    await workbench.cell('triplets').locator('.view-line', { hasText: 'as:' }).getByText('photos').click()
    await workbench.page.keyboard.press('F2')
    await workbench.page.locator('.rename-box input').fill('pictures')
    await workbench.page.keyboard.press('Enter')
    await workbench.cell('compare: { of: pictures').waitFor()
    await workbench.cell('export: { of: pictures').waitFor()
  })

  test('a file that cannot be read is refused with line and column, and left as it is', async () => {
    await workbench.page.locator('.explorer-viewlet .monaco-list-row', { hasText: 'broken' }).dblclick()
    await workbench.page
      .getByText('The cell that starts here is not closed. (line 3, column 1)')
      .first()
      .waitFor()
  })
}, 300_000)
