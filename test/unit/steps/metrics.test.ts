import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodeImage } from '../../../src/kernel/images/decode.ts'
import { encodePng } from '../../../src/kernel/images/encode.ts'
import { ingestBytes } from '../../../src/kernel/images/ingest.ts'
import { createPixels, type Pixels } from '../../../src/kernel/images/pixels.ts'
import type { ImageRef, TablePayload } from '../../../src/kernel/protocol/mime.ts'
import { parseStep } from '../../../src/kernel/session/parse-step.ts'
import { metrics } from '../../../src/kernel/steps/metrics.ts'
import { createFolderStore } from '../../../src/kernel/store/folder-store.ts'
import type { Row, StudyTable } from '../../../src/kernel/value.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-metrics-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function noise(side: number, seed: number): Pixels {
  const image = createPixels(side, side)
  for (let i = 0; i < image.data.length; i++) image.data[i] = ((i * 7919 + i * i * seed) % 251) / 255
  return image
}

async function stored(pixels: Pixels, name: string): Promise<ImageRef> {
  const store = createFolderStore(join(folder, '.mirage-cache'))
  return (await ingestBytes(store, await encodePng(pixels), name)).image
}

async function photos(): Promise<StudyTable> {
  const [gt, lr, other] = await Promise.all([
    stored(noise(64, 3), 'gt.png'),
    stored(noise(16, 5), 'lr.png'),
    stored(noise(64, 7), 'sr.png'),
  ])
  const rows: Row[] = [
    { id: 'a', method: 'copy', images: { lr, gt, sr: gt }, values: { old: 1 } },
    { id: 'a', method: 'other', images: { lr, gt, sr: other }, values: { old: 2 } },
    { id: 'b', method: 'other', images: { lr, sr: other }, values: { old: 3 } },
    { id: 'c', method: null, images: { lr, gt }, values: { old: 4 } },
  ]
  const old = { name: 'old', direction: 'none' as const, settings: {}, version: '1', source: 'test' }
  return { kind: 'table', scale: 4, columns: [old], rows }
}

async function run(table: StudyTable, params: object) {
  const result = await runStep(metrics, { of: 'photos', ...params }, stepContext(folder, { photos: table }))
  return { ...result, table: result.value as StudyTable }
}

test('every metric adds a column that says its settings, and the rest of the table stays', async () => {
  const before = await photos()
  const copy = structuredClone(before)
  const { table } = await run(before, { use: ['psnr', { psnr: { on: 'rgb', as: 'psnr_rgb' } }], maps: false })
  expect(before).toEqual(copy)
  expect(table.columns.map(({ name }) => name)).toEqual(['old', 'psnr', 'psnr_rgb'])
  expect(table.columns[2]).toMatchObject({
    label: 'PSNR',
    unit: 'dB',
    direction: 'higher',
    settings: { metric: 'psnr', on: 'rgb', border: 0 },
    version: '1',
    source: expect.stringContaining('pyiqa'),
  })
  expect(table.rows.map(({ values }) => values.old)).toEqual([1, 2, 3, 4])
  expect(table.rows[0].values.psnr).toBeCloseTo(80, 9)
  expect(table.rows[1].values.psnr_rgb).toBeLessThan(20)
})

test('what cannot be measured is null with the reason, never zero', async () => {
  const { table, outputs } = await run(await photos(), {
    use: ['psnr', 'lr-consistency', 'ms-ssim'],
    maps: false,
  })
  const [copy, , withoutGt, withoutSr] = table.rows
  expect(copy.values['ms-ssim']).toBeNull()
  expect(copy.missing).toEqual({ 'ms-ssim': 'the image is 64x64; this needs 176x176 at least' })
  expect(withoutGt.values.psnr).toBeNull()
  expect(withoutGt.missing).toMatchObject({ psnr: 'no GT' })
  expect(withoutGt.values['lr-consistency']).toBeTypeOf('number')
  expect(withoutSr.missing).toEqual({ psnr: 'no SR', 'lr-consistency': 'no SR', 'ms-ssim': 'no SR' })
  const [{ json }, { text }] = outputs[0].items as unknown as [{ json: TablePayload }, { text: string }]
  expect(json.rows.map(({ method, n, psnr }) => [method, n, psnr === null])).toEqual([
    ['copy', 1, false],
    ['other', 2, false],
    ['(no SR)', 1, true],
  ])
  expect(json.rows[1].psnr).toBe(table.rows[1].values.psnr)
  expect(json.notes).toContain('psnr: 2 of 4 values are missing and not in the mean: no GT (b); no SR (c).')
  expect(text).toMatch(/^method +n +psnr +lr-consistency +ms-ssim\ncopy +1 +80 /)
})

test('SR of another size than GT is missing with both sizes', async () => {
  const table = await photos()
  table.rows[1].images.sr = await stored(noise(60, 7), 'small.png')
  const { table: measured } = await run(table, { use: ['psnr'] })
  expect(measured.rows[1].missing).toEqual({ psnr: 'SR is 60x60, GT is 64x64' })
})

test('maps become overlays of the size of SR, with their range', async () => {
  const { table } = await run(await photos(), {
    use: ['ssim', 'psnr', { 'unexplained-detail': { window: 16 } }],
  })
  const [copy, other] = table.rows
  expect(other.overlays?.map(({ name }) => name)).toEqual(['ssim', 'unexplained-detail'])
  expect(other.overlays?.[0]).toMatchObject({
    label: 'SSIM',
    range: [0, 1],
    image: { width: 64, height: 64 },
  })
  const store = createFolderStore(join(folder, '.mirage-cache'))
  const { pixels } = await decodeImage(await store.getObject(copy.overlays![0].image.hash))
  expect(pixels.data.every(value => value === 1)).toBe(true)
  const again = await run(table, { use: ['ssim'] })
  expect(again.table.rows[1].overlays?.map(({ name }) => name)).toEqual(['unexplained-detail', 'ssim'])
})

test('what was measured with the same settings and images is not measured again', async () => {
  const table = await photos()
  const first = await run(table, { use: ['psnr', 'ssim'], maps: false })
  const store = createFolderStore(join(folder, '.mirage-cache'))
  // Without its images a row can only come from the store.
  for (const { images } of table.rows)
    for (const image of Object.values(images)) await rm(store.objectPath(image.hash), { force: true })
  expect((await run(table, { use: ['psnr', 'ssim'], maps: false })).table).toEqual(first.table)
  await expect(run(table, { use: [{ psnr: { border: 4 } }], maps: false })).rejects.toMatchObject({
    info: { code: 'object-missing' },
  })
})

test('a wrong name or setting is told where it stands, with what is known', () => {
  const problem = (use: string) => {
    try {
      parseStep('m', `metrics:\n  of: photos\n  use:\n${use}`, { metrics })
    } catch (error) {
      return (error as { info: { message: string; at: unknown } }).info
    }
    return undefined
  }
  expect(problem('    - psnr\n    - sssim\n')).toMatchObject({
    message: expect.stringContaining('there is no metric "sssim"; did you mean "ssim"?'),
    at: { line: 5, column: 7 },
  })
  expect(problem('    - psnr: { onn: rgb }\n')).toMatchObject({
    message: expect.stringContaining('psnr has no setting "onn"; settings: on, border, as'),
  })
  expect(problem('    - psnr: { on: hsv }\n')).toMatchObject({ at: { line: 4, column: 19 } })
  expect(problem('    - psnr\n    - psnr: { on: rgb }\n')).toMatchObject({
    message: expect.stringContaining('the column "psnr" is there already'),
  })
  expect(problem('    - dinov2\n')).toMatchObject({
    message: expect.stringContaining('dinov2 needs "weights" (ONNX file of the network)'),
  })
  expect(problem('    - psnr\n    - ssim:\n')).toBeUndefined()
})
