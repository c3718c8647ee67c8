import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodePng } from '../../../src/kernel/images/encode.ts'
import { createPixels } from '../../../src/kernel/images/pixels.ts'
import type { ComparePayload } from '../../../src/kernel/protocol/mime.ts'
import { triplets } from '../../../src/kernel/steps/triplets.ts'
import type { StudyTable } from '../../../src/kernel/value.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-triplets-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Every file gets its own content. */
let shade = 0
async function image(name: string, width: number, height = width) {
  const pixels = createPixels(width, height)
  pixels.data.fill((shade++ % 256) / 255)
  await mkdir(dirname(join(folder, name)), { recursive: true })
  await writeFile(join(folder, name), await encodePng(pixels))
}

async function load(params: unknown) {
  const run = await runStep(triplets, params, stepContext(folder))
  return { ...run, table: run.value as StudyTable }
}

test('globs, folders and names give a row per image and method, in natural order', async () => {
  for (const id of ['a10', 'a2', 'b[1]']) {
    await image(`lr/${id}.png`, 2)
    await image(`gt/${id}.png`, 8)
    await image(`sr/one/${id}.png`, 8)
    await image(`sr/two/${id}.png`, 8)
  }
  await writeFile(join(folder, 'lr/readme.txt'), 'no image')
  const { table, outputs, progress } = await load({
    lr: 'lr',
    gt: 'gt/*.png',
    sr: { one: ['sr/one/a*.png', 'sr/one/b[1].png'], two: 'sr/two' },
    as: 'photos',
  })
  expect(table.scale).toBe(4)
  expect(table.rows.map(({ id, method }) => `${id} ${method}`)).toEqual([
    'a2 one',
    'a2 two',
    'a10 one',
    'a10 two',
    'b[1] one',
    'b[1] two',
  ])
  expect(table.rows[1].images).toMatchObject({
    lr: { name: 'lr/a2.png', width: 2 },
    gt: { name: 'gt/a2.png', width: 8 },
    sr: { name: 'sr/two/a2.png', width: 8 },
  })
  const [compare, text] = outputs[0].items as unknown as [{ json: ComparePayload }, { text: string }]
  expect(compare.json.triplets.map(({ images }) => images.map(({ label }) => label))).toEqual(
    Array(3).fill(['LR', 'GT', 'one', 'two']),
  )
  expect(text.text).toBe(
    '3 images, 2 methods (one, two): 6 rows; 3 shown.\n3 LR 2x2, 3 GT 8x8, 6 SR 8x8, scale 4',
  )
  expect(progress.at(-1)).toMatchObject({ done: 12, total: 12 })
})

test('without SR there is a row per image, and GT may be missing', async () => {
  await image('lr/a.png', 3)
  const { table } = await load({ lr: 'lr/*.png' })
  expect(table.rows).toEqual([{ id: 'a', method: null, images: { lr: expect.anything() }, values: {} }])
  expect(table.scale).toBeUndefined()
})

test('usual endings are left out of names only where that is needed, and it is said', async () => {
  await image('lr/0801x4.png', 2)
  await image('lr/0802x4.png', 2)
  await image('gt/0801.png', 8)
  await image('gt/0802.png', 8)
  await image('sr/0801_x4_SwinIR.png', 8)
  await image('sr/0802_x4_SwinIR.png', 8)
  const { table, notes } = await load({ lr: 'lr', gt: 'gt', sr: { swinir: 'sr' } })
  expect(table.rows.map(({ id }) => id)).toEqual(['0801', '0802'])
  expect(notes).toEqual([
    'lr: matched without the ending x4.',
    'sr.swinir: matched without the ending _x4_SwinIR.',
  ])
  const plain = await load({ lr: 'lr' })
  expect(plain.table.rows.map(({ id }) => id)).toEqual(['0801x4', '0802x4'])
})

test('incomplete images are an error with their names, or are left out and named', async () => {
  for (const id of ['a', 'b', 'c']) await image(`gt/${id}.png`, 8)
  for (const id of ['a', 'b']) await image(`one/${id}.png`, 8)
  await image('two/a.png', 8)
  await image('two/z.png', 8)
  const params = { gt: 'gt', sr: { one: 'one', two: 'two' } }
  await expect(load(params)).rejects.toMatchObject({
    info: {
      code: 'unmatched-files',
      message:
        'Some images are incomplete: gt has no file for z; sr.one has no file for c, z; sr.two has no file for b, c.',
    },
  })
  const { table, notes } = await load({ ...params, unmatched: 'skip' })
  expect(table.rows.map(({ id, method }) => `${id} ${method}`)).toEqual(['a one', 'a two', 'b one'])
  expect(notes).toEqual([
    'Left out, as incomplete: gt has no file for z; sr.one has no file for c, z; sr.two has no file for b, c.',
  ])
})

test('sizes that do not fit the scale are an error that names the file and both sizes', async () => {
  await image('lr/a.png', 4)
  await image('gt/a.png', 16)
  await image('sr/a.png', 16, 15)
  const sized = { lr: 'lr', gt: 'gt', sr: { m: 'sr' } }
  await expect(load(sized)).rejects.toMatchObject({
    info: {
      code: 'size-mismatch',
      message: 'sr/a.png is 16x15, but LR lr/a.png is 4x4 and the scale is 4, so it should be 16x16.',
    },
  })
  await expect(load({ lr: 'lr', gt: 'gt', scale: 2 })).rejects.toMatchObject({
    info: { code: 'size-mismatch' },
  })
  await image('lr/a.png', 5)
  await expect(load({ lr: 'lr', gt: 'gt' })).rejects.toMatchObject({ info: { code: 'scale-unclear' } })
})

test('LR can be made from GT, which is cut to fit, and both are said', async () => {
  await image('gt/a.png', 8)
  await image('gt/b.png', 11, 9)
  const { table, notes, outputs, lock } = await load({ gt: 'gt', downscale: 'bicubic', scale: 4 })
  expect(table.rows.map(({ images: { lr, gt } }) => [lr?.width, lr?.height, gt?.width, gt?.height])).toEqual([
    [2, 2, 8, 8],
    [2, 2, 8, 8],
  ])
  expect(notes).toEqual(['GT cut to multiples of 4: b.'])
  expect(JSON.stringify(outputs)).toContain('LR is made from GT by antialiased bicubic.')
  expect(lock).toMatchObject({ scale: 4, lr: expect.stringContaining('bicubic') })
})

test('a manifest lists triplets as CSV, long or wide, or as JSONL', async () => {
  for (const id of ['a', 'b']) {
    await image(`data/lr_${id}.png`, 2)
    await image(`data/gt_${id}.png`, 4)
    await image(`data/one_${id}.png`, 4)
    await image(`data/two_${id}.png`, 4)
  }
  const manifests = {
    'data/long.csv':
      'id,lr,gt,method,sr\na,lr_a.png,gt_a.png,one,one_a.png\na,,,two,two_a.png\nb,lr_b.png,gt_b.png,one,one_b.png\n',
    'data/wide.csv':
      '\ufeffid,lr,gt,sr.one,sr.two\r\na,lr_a.png,gt_a.png,one_a.png,two_a.png\r\nb,lr_b.png,gt_b.png,one_b.png,\r\n',
    'data/list.jsonl':
      '{"id":"a","lr":"lr_a.png","gt":"gt_a.png","sr":{"one":"one_a.png","two":"two_a.png"}}\n\n{"id":"b","lr":"lr_b.png","gt":"gt_b.png","method":"one","sr":"one_b.png"}\n',
  }
  for (const [manifest, text] of Object.entries(manifests)) {
    await writeFile(join(folder, manifest), text)
    const { table } = await load({ manifest })
    expect(
      table.rows.map(({ id, method, images }) => [id, method, images.sr?.name, images.gt?.name]),
    ).toEqual([
      ['a', 'one', 'data/one_a.png', 'data/gt_a.png'],
      ['a', 'two', 'data/two_a.png', 'data/gt_a.png'],
      ['b', 'one', 'data/one_b.png', 'data/gt_b.png'],
    ])
  }
})

test('a manifest that cannot be used says the line', async () => {
  const cases: [string, string, RegExp][] = [
    ['a.csv', 'id,lr\na,a.png\na,b.png\n', /^Line 3 .* another lr above/],
    ['b.csv', 'id,sr\na,a.png\n', /^Line 2 .* needs the name of its `method`/],
    ['c.jsonl', '{"lr":"a.png"}\n{oops\n', /^Line 2 /],
    ['d.csv', 'id,lr\na\n', /^Line 2 /],
  ]
  for (const [manifest, text, message] of cases) {
    await writeFile(join(folder, manifest), text)
    await expect(load({ manifest })).rejects.toMatchObject({
      info: { code: 'manifest-invalid', message: expect.stringMatching(message) },
    })
  }
})

test('limit takes the first images and says so, and the fingerprint holds the files that are used', async () => {
  for (const id of ['a', 'b', 'c']) await image(`gt/${id}.png`, 8)
  const params = { gt: 'gt', limit: 2 }
  const { table, notes } = await load(params)
  expect(table.rows.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(notes).toEqual(['The first 2 of 3 images (limit).'])
  const fingerprint = () => triplets.fingerprint?.(triplets.params.parse(params), stepContext(folder))
  const before = await fingerprint()
  expect(before).toEqual({
    images: { 'gt/a.png': table.rows[0].images.gt?.hash, 'gt/b.png': table.rows[1].images.gt?.hash },
  })
  await image('gt/c.png', 8)
  expect(await fingerprint()).toEqual(before)
  await image('gt/b.png', 8)
  expect(await fingerprint()).not.toEqual(before)
})

test('files that are missing, doubled or no images are errors that name them', async () => {
  await expect(load({ lr: 'lr/*.png' })).rejects.toMatchObject({
    info: { code: 'no-files', message: expect.stringContaining('lr/*.png') },
  })
  await image('lr/a.png', 4)
  await image('lr/deep/a.png', 4)
  await expect(load({ lr: 'lr/**' })).rejects.toMatchObject({
    info: {
      code: 'duplicate-image',
      message: expect.stringMatching(/lr\/a.png and lr\/deep\/a.png|lr\/deep\/a.png and lr\/a.png/),
    },
  })
  await writeFile(join(folder, 'lr/b.png'), 'no image')
  await expect(load({ lr: 'lr/b.png' })).rejects.toMatchObject({
    info: { code: 'not-an-image', message: expect.stringContaining('lr/b.png') },
  })
})

test('parameters that contradict each other are refused where they stand', () => {
  const issues = (value: unknown) =>
    triplets.params.safeParse(value).error?.issues.map(({ path }) => path.join('.'))
  expect(issues({})).toEqual(['lr'])
  expect(issues({ manifest: 'a.csv', lr: 'b' })).toEqual(['manifest'])
  expect(issues({ gt: 'a', downscale: 'bicubic' })).toEqual(['downscale'])
  expect(issues({ lr: 'a', gt: 'b', scale: 4, downscale: 'bicubic' })).toEqual(['downscale'])
  expect(issues({ lr: 'a', gt: 'b', scale: 4 })).toBeUndefined()
})
