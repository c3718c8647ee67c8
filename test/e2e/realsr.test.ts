import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cell, hasSharedData, mirage, SHARED_DATA } from '../support/study-folder.ts'
import { type Host, startHost } from './support/host.ts'
import { Workbench } from './support/workbench.ts'

// Photographs with ready-made results of a one-step diffusion model, beside what our own models make of the same LR images.
const TEXT = [
  cell(
    'load',
    'triplets: { lr: data/lr/*.png, gt: data/hr/*.png, sr: { osediff: data/sr/*.png }, scale: 4, limit: 3, as: photos }',
  ),
  cell('sr', 'infer: { of: photos, model: [realesr-general-x4v3, rrdn-thick-x4], as: upscaled }'),
  cell('measure', 'metrics: { of: upscaled, use: [psnr, ssim, lr-consistency], as: measured }'),
  cell('plot', 'correlate: { of: measured, x: psnr, y: ssim }'),
  cell('save', 'export: { of: measured, to: out.csv }'),
].join('\n')
const STUDY = 'photographs.mirage.md'

let host: Host
let workbench: Workbench

async function writeStudyTo(folder: string): Promise<string> {
  await symlink(join(SHARED_DATA, 'realsr-osediff'), join(folder, 'data'))
  await writeFile(join(folder, STUDY), TEXT)
  return join(folder, STUDY)
}

beforeAll(async () => {
  if (!hasSharedData) return console.warn(`skipped: the photographs of ${SHARED_DATA} are not here`)
  host = await startHost()
  await writeStudyTo(host.workspace)
  workbench = await Workbench.open(host, { height: 8000 })
}, 300_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench?.screenshot(task.name)
})

afterAll(async () => {
  await workbench?.close()
  await host?.stop()
}, 60_000)

describe.skipIf(!hasSharedData)('a study over photographs', () => {
  test('gives in VS Code the numbers that it gives on the command line', async () => {
    await workbench.openStudy(STUDY)
    await workbench.runAll()
    await workbench.succeeded(5, 300_000)

    const folder = await mkdtemp(join(tmpdir(), 'mirage-headless-'))
    try {
      const { code, stdout, stderr } = await mirage(['run', await writeStudyTo(folder)])
      expect(code, stdout + stderr).toBe(0)
      const headless = await readFile(join(folder, 'out.csv'), 'utf8')
      expect(headless.trim().split('\n').length).toBe(1 + 3 * 3)
      expect(await readFile(join(host.workspace, 'out.csv'), 'utf8')).toBe(headless)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 900_000)
})
