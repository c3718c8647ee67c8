import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Host, PROJECT, startHost } from './support/host.ts'
import { kernelsFrom } from './support/processes.ts'
import { LOAD, LOOK, writeStudy, writeTriplets } from './support/studies.ts'
import { Workbench } from './support/workbench.ts'

let host: Host
let workbench: Workbench

beforeAll(async () => {
  host = await startHost({
    trust: true,
    settings: {
      'security.workspace.trust.startupPrompt': 'never',
      'security.workspace.trust.banner': 'never',
    },
  })
  await writeTriplets(host.workspace)
  const study = await writeStudy(host.workspace, 'shared.mirage.md', [LOAD, LOOK])
  // What somebody else ran, saved and shared.
  await promisify(execFile)(process.execPath, [join(PROJECT, 'dist', 'cli.mjs'), 'run', study])
  workbench = await Workbench.open(host)
}, 200_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench?.screenshot(task.name)
})

afterAll(async () => {
  await workbench?.close()
  await host?.stop()
}, 60_000)

describe('a study in a workspace that is not trusted', () => {
  test('opens and shows what was saved with it', async () => {
    await workbench.openStudy('shared.mirage.md')
    await workbench.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor()
    await workbench.output('canvas.mirage-pane-canvas[data-role="sr"][data-state="ready"]')
    expect(await workbench.isDirty()).toBe(false)
  })

  test('does not run', async () => {
    await workbench.runAll()
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'Do you trust the authors' })
    await dialog.getByText('Cancel', { exact: true }).click()
    await dialog.waitFor({ state: 'hidden' })
    expect(kernelsFrom(host.root)).toEqual([])
  })
}, 300_000)
