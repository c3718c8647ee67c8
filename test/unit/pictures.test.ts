import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Compute } from '../../src/kernel/compute/compute.ts'
import { MOST_BYTES, picture } from '../../src/kernel/compute/jobs/picture.ts'
import { type PictureTools, withPictures } from '../../src/kernel/pictures/add-pictures.ts'
import { recipeOf, type SheetRecipe } from '../../src/kernel/pictures/recipe.ts'
import type { Output } from '../../src/kernel/protocol/messages.ts'
import {
  type ComparePayload,
  type GalleryPayload,
  type ImageRef,
  MIME,
  type TrainingPayload,
} from '../../src/kernel/protocol/mime.ts'
import { createFolderStore } from '../../src/kernel/store/folder-store.ts'
import type { Store } from '../../src/kernel/store/store.ts'

let store: Store
beforeEach(async () => {
  store = createFolderStore(await mkdtemp(join(tmpdir(), 'mirage-pictures-')))
})
afterEach(() => rm(store.root, { recursive: true, force: true }))

const RED = [200, 30, 40]
const GREEN = [20, 160, 60]

async function image(width: number, height: number, colour?: number[]): Promise<ImageRef> {
  // Noise where no colour is asked for: nothing weighs more as a PNG.
  let state = 7
  const noise = () => {
    state = (state * 1664525 + 1013904223) >>> 0
    return state >>> 24
  }
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => colour?.[i % 3] ?? noise())
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
  return { hash: await store.putObject(png), width, height, mime: 'image/png' }
}

const draw = async (recipe: unknown): Promise<Uint8Array> => {
  const hash = await picture.run(recipe as SheetRecipe, {
    storeRoot: store.root,
    signal: new AbortController().signal,
    report() {},
  })
  return store.getObject(hash)
}

async function pixelsOf(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * info.channels).subarray(0, 3)]
  const count = (colour: number[]) => {
    let found = 0
    for (let i = 0; i < data.length; i += info.channels)
      if (colour.every((value, c) => data[i + c] === value)) found++
    return found
  }
  return { ...info, at, count }
}

const comparison = (lr: ImageRef, gt: ImageRef, id = 'a'): ComparePayload => ({
  columns: [],
  triplets: [
    {
      id,
      images: [
        { role: 'lr', label: 'LR', image: lr, values: {} },
        { role: 'gt', label: 'GT', image: gt, values: {} },
      ],
    },
  ],
})

test('a comparison is drawn as a sheet: each image in its column, small ones pixel by pixel', async () => {
  const recipe = recipeOf(MIME.compare, comparison(await image(2, 2, RED), await image(64, 64, GREEN)))
  const png = await draw(recipe)
  const { width, height, at, count } = await pixelsOf(png)
  expect(width).toBe(10 + 176 + 6 + 176 + 10)
  expect([at(11, height - 12), at(185, height - 12)]).toEqual([RED, RED])
  expect([at(193, height - 12), at(367, height - 12)]).toEqual([GREEN, GREEN])
  expect(at(189, height - 12)).toEqual([255, 255, 255])
  expect([count(RED), count(GREEN)]).toEqual([176 * 176, 176 * 176])
  expect(await draw(recipe)).toEqual(png)
})

test('what no sheet expects is drawn or left out, and never fails it', async () => {
  const gone = { hash: 'f'.repeat(64), width: 40, height: 40, mime: 'image/png' }
  const broken = { ...gone, hash: await store.putObject('not an image') }
  const name = `<script>alert(1)</script> & \u0000\ud800 ${'long '.repeat(1000)}`
  const { triplets } = comparison(await image(1, 1, RED), await image(20_000, 10, GREEN), name)
  triplets.push(...comparison(gone, broken).triplets)
  const { at, height, count } = await pixelsOf(await draw(recipeOf(MIME.compare, { columns: [], triplets })))
  expect(count(RED)).toBe(176 * 176)
  expect(count(GREEN)).toBe(176)
  expect(at(11, height - 12)).toEqual([238, 238, 238])
  expect(recipeOf(MIME.compare, { columns: [], triplets: [] })).toBeUndefined()
})

test('a sheet that weighs too much is drawn smaller', async () => {
  const noisy = await image(256, 256)
  const rows = Array.from({ length: 60 }, (_, i) => ({
    id: `image ${i}`,
    method: 'm',
    image: noisy,
    values: {},
  }))
  const recipe = recipeOf(MIME.gallery, { columns: [], rows, triplets: [] } satisfies GalleryPayload)
  expect(recipe).toMatchObject({ columns: 6, note: 'first 24 of 60' })
  const png = await draw(recipe)
  expect(png.length).toBeLessThanOrEqual(MOST_BYTES)
  expect((await pixelsOf(png)).width).toBeGreaterThan(300)
})

test('charts are drawn without a browser, on white, with words', async () => {
  const values = [1, 2, 3].map(x => ({ x, y: x * x }))
  const spec = {
    data: { values },
    mark: { type: 'bar', color: '#c81e28' },
    encoding: { x: { field: 'x', type: 'ordinal' }, y: { field: 'y', type: 'quantitative' } },
    config: { background: 'transparent' },
  }
  const bars = await pixelsOf(await draw(recipeOf(MIME.chart, { spec, title: '', description: '' })))
  expect(bars.at(0, 0)).toEqual([255, 255, 255])
  expect(bars.count(RED)).toBeGreaterThan(500)
  // The ink of axes and labels.
  expect(bars.count([51, 51, 51])).toBeGreaterThan(50)
  await expect(draw({ kind: 'chart', spec: { ...spec, data: { url: 'data.csv' } } })).rejects.toThrow(/load/i)
})

test('the curves of a training are a chart each', async () => {
  const payload: TrainingPayload = {
    run: 'r',
    state: 'done',
    totalSteps: 1000,
    series: [
      { name: 'loss', label: 'Objective', group: 'loss', direction: 'lower' },
      { name: 'held', label: 'held-out l1', group: 'guard', direction: 'lower' },
    ],
    points: Array.from({ length: 1000 }, (_, step) => ({
      step,
      values: { loss: step === 5 ? Number.NaN : 1 / (1 + step), ...(step % 500 === 0 && { held: 0.5 }) },
    })),
    samples: [],
  }
  const recipe = recipeOf(MIME.training, payload)
  expect(recipe).toMatchObject({
    spec: { concat: [{ title: 'Loss: Objective' }, { title: 'Guards: held-out l1' }] },
  })
  expect((await pixelsOf(await draw(recipe))).count([79, 143, 192])).toBeGreaterThan(100)
  expect(recipeOf(MIME.training, { ...payload, points: [] })).toBeUndefined()
})

const outputs: Output[] = [
  {
    id: 'chart',
    items: [
      { mime: MIME.chart, json: { spec: { mark: 'bar', data: { values: [{ y: Number.NaN }] } } } },
      { mime: 'text/plain', text: 'a chart' },
    ],
  },
  { id: 'table', items: [{ mime: MIME.table, json: {} }] },
]

function tools(run: () => Promise<string>): PictureTools & { asked: string[]; lines: string[] } {
  const [asked, lines]: [string[], string[]] = [[], []]
  const compute = {
    run(job: string) {
      asked.push(job)
      return run()
    },
  } as unknown as Compute
  return { asked, lines, compute, store, signal: new AbortController().signal, log: line => lines.push(line) }
}

test('a picture stands between the payload and the text, and is drawn once', async () => {
  const made = tools(() => store.putObject('a picture'))
  const [chart, table] = await withPictures(outputs, made)
  expect(chart.items.map(({ mime }) => mime)).toEqual([MIME.chart, 'image/png', 'text/plain'])
  expect(table).toBe(outputs[1])
  expect(await withPictures(outputs, made)).toEqual([chart, table])
  expect(made.asked).toEqual(['picture'])
})

test('an output whose picture cannot be drawn is as it was, and the log says why', async () => {
  const made = tools(() => Promise.reject(new Error('out of ink')))
  expect(await withPictures(outputs, made)).toEqual(outputs)
  expect(made.lines).toEqual(['No still picture of the output "chart": out of ink'])
})
