import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ComputePool } from '../../../src/kernel/compute/pool.ts'
import { MirageError } from '../../../src/kernel/errors.ts'
import { decodeImage } from '../../../src/kernel/images/decode.ts'
import { encodePng } from '../../../src/kernel/images/encode.ts'
import { ingestBytes } from '../../../src/kernel/images/ingest.ts'
import { createPixels } from '../../../src/kernel/images/pixels.ts'
import { inspectModel } from '../../../src/kernel/models/inspect.ts'
import { SESSIONS } from '../../../src/kernel/models/run/session-pool.ts'
import { GraphBuilder } from '../../../src/kernel/onnx/builder.ts'
import { writeGraph } from '../../../src/kernel/onnx/write.ts'
import type { ComparePayload, TablePayload } from '../../../src/kernel/protocol/mime.ts'
import { MIME } from '../../../src/kernel/protocol/mime.ts'
import { infer } from '../../../src/kernel/steps/infer.ts'
import { createFolderStore } from '../../../src/kernel/store/folder-store.ts'
import type { ModelValue, StudyTable, Value } from '../../../src/kernel/value.ts'
import { saveToyPipeline } from '../../fixtures/toy-diffusion.ts'
import { nearestTimesTwo, withOutsideData } from '../../fixtures/toy-models.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

let folder: string
let photos: StudyTable
const inverting = writeGraph(nearestTimesTwo([-1, -1, -1], [1, 1, 1]))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-infer-step-'))
  const store = createFolderStore(join(folder, '.mirage-cache'))
  const stored = async (side: number, value: number, name: string) => {
    const pixels = createPixels(side, side)
    pixels.data.fill(value)
    return (await ingestBytes(store, await encodePng(pixels), name)).image
  }
  const [lr, dark, gt] = [
    await stored(12, 0.2, 'lr/a.png'),
    await stored(12, 0.4, 'lr/b.png'),
    await stored(24, 0.2, 'gt.png'),
  ]
  photos = {
    kind: 'table',
    scale: 2,
    columns: [{ name: 'psnr', direction: 'higher', settings: {}, version: '1', source: 'test' }],
    rows: [
      { id: 'a', method: 'ready', images: { lr, gt, sr: gt }, values: { psnr: 30 }, tags: ['sign'] },
      { id: 'b', method: null, images: { lr: dark }, values: {} },
    ],
  }
  await writeFile(join(folder, 'invert.onnx'), inverting)
})
afterEach(() => SESSIONS.clear())
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(params: object, inputs: Record<string, Value> = {}) {
  const result = await runStep(infer, { of: 'photos', ...params }, stepContext(folder, { photos, ...inputs }))
  return { ...result, table: result.value as StudyTable }
}

async function errorOf(params: object, inputs: Record<string, Value> = {}) {
  const error = await run(params, inputs).catch(each => each as unknown)
  if (error instanceof MirageError) return error.info
  throw new Error(`no MirageError: ${error}`)
}

const INVERT = { file: 'invert.onnx', range: '0..1' }
const methodsOf = (table: StudyTable) => table.rows.map(({ id, method }) => `${id} ${method}`)

describe('the result', () => {
  test('has a row per image and model; rows without a method give way, ready-made ones stay', async () => {
    const before = structuredClone(photos)
    const { table } = await run({ model: ['bicubic', INVERT], provider: 'cpu' })
    expect(photos).toEqual(before)
    expect(methodsOf(table)).toEqual(['a ready', 'a bicubic', 'a invert', 'b bicubic', 'b invert'])
    expect(table.scale).toBe(2)
    const [ready, bicubic, inverted] = table.rows
    expect(ready.values).toEqual({ psnr: 30 })
    expect(bicubic.values).toEqual({ psnr: null })
    expect(bicubic.missing?.psnr).toMatch(/made after/)
    expect(bicubic.images.gt).toEqual(ready.images.gt)
    expect(inverted.tags).toEqual(['sign'])
    expect(inverted.images.sr).toMatchObject({ width: 24, height: 24, name: 'a (invert)' })
    const store = createFolderStore(join(folder, '.mirage-cache'))
    const { pixels } = await decodeImage(store.objectPath(inverted.images.sr!.hash))
    expect(pixels.data[0]).toBeCloseTo(0.8, 2)
  })

  test('is shown as a comparison and as a table of how each model ran, each with a text', async () => {
    const { outputs, lock, progress } = await run({ model: ['bicubic', INVERT], provider: 'cpu' })
    const [preview, ran] = outputs.map(({ items }) => items)
    expect(preview[0].mime).toBe(MIME.compare)
    const { triplets } = (preview[0] as { json: unknown }).json as ComparePayload
    expect(triplets.map(({ images }) => images.map(({ label }) => label))).toEqual([
      ['LR', 'GT', 'ready', 'bicubic', 'invert'],
      ['LR', 'bicubic', 'invert'],
    ])
    const { rows } = (ran[0] as { json: unknown }).json as TablePayload
    expect(rows).toMatchObject([
      { method: 'bicubic', kind: 'interpolation', provider: 'cpu', images: 2, tiles: 2 },
      { method: 'invert', kind: 'unstated', provider: 'cpu', images: 2, tiles: 2 },
    ])
    for (const items of [preview, ran]) expect(items.at(-1)!.mime).toBe('text/plain')
    expect(lock).toMatchObject({
      invert: { scale: 2, kind: 'unstated', providers: ['cpu'], overlap: 32, tile: 256 },
    })
    expect(progress.at(-1)).toMatchObject({ done: progress.at(-1)!.total, unit: 'MP' })
  })

  test('an image that is in the cache is not made again', async () => {
    await run({ model: INVERT })
    const { outputs } = await run({ model: INVERT })
    expect((outputs[1].items.at(-1) as { text: string }).text).toContain('2 from the cache')
  })

  test('a tuned model is used by the name of its result', async () => {
    const { store } = stepContext(folder)
    const tuned: ModelValue = {
      kind: 'model',
      name: 'tuned',
      onnx: await store.putObject(inverting),
      manifest: { kind: 'gan', scale: 2, layout: 'nchw', colour: 'rgb', range: '0..1' },
    }
    const { table, lock } = await run({ model: 'tuned' }, { tuned })
    expect(methodsOf(table)).toEqual(['a ready', 'a tuned', 'b tuned'])
    expect(lock).toMatchObject({ tuned: { sha256: tuned.onnx, kind: 'gan' } })
  })

  test('a note says which images were converted on the way', async () => {
    const { store } = stepContext(folder)
    const sharp = (await import('sharp')).default
    const create = { width: 6, height: 6, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } } as const
    const { image } = await ingestBytes(store, await sharp({ create }).png().toBuffer(), 'c.png')
    const table: StudyTable = {
      ...photos,
      rows: [{ id: 'c', method: null, images: { lr: image }, values: {} }],
    }
    const { notes } = await run({ model: INVERT }, { photos: table })
    expect(notes).toEqual(['c: alpha kept, enlarged bicubically.'])
  })
})

describe('a file of the user', () => {
  test('whose scale no shape shows is run once to find it', async () => {
    const { table } = await run({ model: { ...INVERT, name: 'mine' } })
    expect(methodsOf(table)).toEqual(['a ready', 'a mine', 'b mine'])
  })

  test('that does not say its value range is refused, and the parameter is named', async () => {
    const info = await errorOf({ model: 'invert.onnx' })
    expect(info.code).toBe('model-incomplete')
    expect(info.message).toContain('does not say its range')
    expect(info.remedy).toContain('range: 0..1')
  })

  test('may say it in a manifest beside it, which also pins its checksum', async () => {
    await writeFile(join(folder, 'said.onnx'), inverting)
    await writeFile(join(folder, 'said.onnx.json'), JSON.stringify({ range: '0..1', kind: 'regression' }))
    expect((await run({ model: 'said.onnx' })).lock).toMatchObject({ said: { kind: 'regression' } })
    const fingerprint = () =>
      infer.fingerprint!(
        infer.params.parse({ of: 'photos', model: 'said.onnx' }),
        stepContext(folder, { photos }),
      )
    const before = await fingerprint()
    await writeFile(join(folder, 'said.onnx.json'), JSON.stringify({ range: '0..255', kind: 'regression' }))
    expect(await fingerprint()).not.toEqual(before)
    await writeFile(join(folder, 'said.onnx.json'), JSON.stringify({ range: '0..1', sha256: 'f'.repeat(64) }))
    expect((await errorOf({ model: 'said.onnx' })).code).toBe('model-damaged')
    await writeFile(join(folder, 'said.onnx.json'), JSON.stringify({ range: '0-1' }))
    expect((await errorOf({ model: 'said.onnx' })).code).toBe('manifest-invalid')
  })

  test.each([
    ['that divides by 255 takes 0..255', '0..255', 'Div', [255]],
    ['that limits its output to 0..1 takes that', '0..1', 'Clip', [0, 1]],
    ['that ends in tanh takes -1..1', '-1..1', 'Tanh', []],
  ])('%s', async (_, range, op, constants) => {
    const builder = new GraphBuilder('ranged')
    const input = builder.input('input', 'float32', [1, 3, 'h', 'w'])
    const output = builder.node(op, [input, ...constants.map(value => builder.floats('limit', [value]))])
    builder.output(output, 'float32', [1, 3, 'h', 'w'])
    expect(inspectModel(writeGraph(builder.graph))).toEqual({ layout: 'nchw', colour: 'rgb', range })
  })

  test('whose tensors lie in another file is known by the checksums of both', async () => {
    await writeFile(join(folder, 'outside.data'), Float32Array.of(1, 1, 1))
    const graph = nearestTimesTwo([-1, -1, -1], [1, 1, 1])
    await writeFile(join(folder, 'outside.onnx'), withOutsideData(graph, 'outside.data'))
    const request = { file: 'outside.onnx', range: '0..1' }
    const params = infer.params.parse({ of: 'photos', model: request })
    const fingerprint = () => infer.fingerprint!(params, stepContext(folder, { photos }))
    const before = await fingerprint()
    const { table } = await run({ model: request })
    const inside = await run({ model: { ...INVERT, name: 'outside' } })
    expect(table.rows[1].images.sr!.hash).toBe(inside.table.rows[1].images.sr!.hash)
    await writeFile(join(folder, 'outside.data'), Float32Array.of(0.5, 0.5, 0.5))
    expect(await fingerprint()).not.toEqual(before)
    const changed = await run({ model: request })
    expect(changed.table.rows[1].images.sr!.hash).not.toBe(table.rows[1].images.sr!.hash)
  })

  test('that is cut short or takes two images is refused', async () => {
    await writeFile(join(folder, 'cut.onnx'), inverting.subarray(0, 200))
    expect((await errorOf({ model: { file: 'cut.onnx', range: '0..1' } })).code).toBe('model-unreadable')
    const builder = new GraphBuilder('two')
    const inputs = ['a', 'b'].map(name => builder.input(name, 'float32', [1, 3, 'h', 'w']))
    builder.output(builder.node('Add', inputs), 'float32', [1, 3, 'h', 'w'])
    await writeFile(join(folder, 'two.onnx'), writeGraph(builder.graph))
    const info = await errorOf({ model: { file: 'two.onnx', range: '0..1' } })
    expect(info).toMatchObject({ code: 'model-unsupported', message: expect.stringContaining('a, b') })
  })
})

describe('the tile', () => {
  const large = async (): Promise<StudyTable> => {
    const store = createFolderStore(join(folder, '.mirage-cache'))
    const lr = (await ingestBytes(store, await encodePng(createPixels(150, 150)), 'lr/large.png')).image
    return { ...photos, rows: [{ id: 'large', method: null, images: { lr }, values: {} }] }
  }

  test('is chosen from the memory that the network takes, which is measured once', async () => {
    // 256 channels of 32-bit floats: more than 1 kB for each pixel, in however many copies the runtime holds.
    const builder = new GraphBuilder('wide')
    const input = builder.input('input', 'float32', [1, 3, 'h', 'w'])
    const wide = builder.node('Conv', [
      input,
      builder.floats('up', new Float32Array(256 * 3).fill(0.1), [256, 3, 1, 1]),
    ])
    const kernel = builder.floats('down', new Float32Array(12 * 256).fill(0.01), [12, 256, 1, 1])
    const narrow = builder.node('Conv', [builder.node('Relu', [wide]), kernel])
    builder.output(builder.node('DepthToSpace', [narrow], { blocksize: { int: 2 } }), 'float32', [
      1,
      3,
      'h2',
      'w2',
    ])
    await writeFile(join(folder, 'wide.onnx'), writeGraph(builder.graph))
    const context = stepContext(folder, { photos: await large() })
    // Real processes: what one takes cannot be told from what the tests before took.
    const pool = new ComputePool({ entry: join(import.meta.dirname, '../../../src/kernel/compute/main.ts') })
    onTestFinished(() => pool.close())
    const jobs: string[] = []
    const { run: runJob } = pool.over(context.store.root)
    context.compute = {
      run: (job, ...rest) => {
        jobs.push(job)
        return runJob(job, ...rest)
      },
    }
    const params = { of: 'photos', provider: 'cpu', model: { file: 'wide.onnx', range: '0..1' } }
    const tileOf = async (more: object) => {
      const { notes, lock } = await runStep(infer, { ...params, ...more }, context)
      return { notes, tile: (lock!.wide as { tile: number }).tile }
    }
    const own = await tileOf({})
    expect(own.notes).toEqual([expect.stringMatching(/^wide: tiles of \d+ px, because the network takes/)])
    const [small, larger] = [await tileOf({ memory: 0.02 }), await tileOf({ memory: 0.32 })]
    // 20 MB: 139 px at 1 kB, 44 px at 10 kB.
    expect(small.tile).toBeGreaterThanOrEqual(32)
    expect(small.tile).toBeLessThanOrEqual(128)
    expect(larger.tile).toBeGreaterThan(2 * small.tile)
    expect(jobs.filter(job => job === 'measure-memory')).toHaveLength(1)
    expect(await tileOf({ tile: 100 })).toEqual({ notes: [], tile: 100 })
  })
})

describe('a diffusion pipeline', () => {
  test('with noise makes a row per seed; the same seed gives the same pixels', async () => {
    saveToyPipeline(folder, 'noisy', { start: 'lr+noise', steps: 2 })
    const { table, notes, lock } = await run({ model: ['noisy.json', INVERT], seeds: [3, 4] })
    expect(table.rows.map(({ id, method, seed }) => `${id} ${method} ${seed}`)).toEqual([
      'a ready undefined',
      'a noisy 3',
      'a noisy 4',
      'a invert undefined',
      'b noisy 3',
      'b noisy 4',
      'b invert undefined',
    ])
    expect(notes).toEqual(['invert: no noise, so no seeds.'])
    const [, third, fourth] = table.rows.map(({ images }) => images.sr!.hash)
    expect(third).not.toBe(fourth)
    expect(lock).toMatchObject({ noisy: { kind: 'multi-step diffusion' } })
    const alone = await run({ model: 'noisy.json', seeds: [4] })
    expect(alone.table.rows[1].images.sr!.hash).toBe(fourth)
    const unseeded = await run({ model: 'noisy.json' })
    expect(unseeded.table.rows[1].seed).toBe(1)
  })

  test('whose knobs are turned is another model, with other pixels and another fingerprint', async () => {
    saveToyPipeline(folder, 'knobs', { steps: 2 })
    const more = { file: 'knobs.json', name: 'guided', guidance: 4, colourFix: 'wavelet' }
    const { table } = await run({ model: ['knobs.json', more] })
    const [, plain, guided] = table.rows.map(({ images }) => images.sr!.hash)
    expect(guided).not.toBe(plain)
    const params = infer.params.parse({ of: 'photos', model: ['knobs.json', more] })
    const { models } = (await infer.fingerprint!(params, stepContext(folder, { photos }))) as Record<
      string,
      Record<string, string>
    >
    expect(models.knobs).not.toBe(models.guided)
  })
})

describe('refused', () => {
  test('a model of another scale than the triplets', async () => {
    const info = await errorOf({ model: 'realesr-general-x4v3' })
    expect(info.code).toBe('scale-mismatch')
    expect(info.message).toBe('"realesr-general-x4v3" enlarges x4, but the triplets are x2.')
  })

  test('an unknown model, with the nearest known one; a feature network is none', async () => {
    const info = await errorOf({ model: 'realesr-general-x4v2' })
    expect(info).toMatchObject({
      code: 'model-unknown',
      message: expect.stringContaining('"realesr-general-x4v3"'),
    })
    expect(info.remedy).not.toContain('imagenet-inception')
    expect((await errorOf({ model: 'imagenet-inception' })).code).toBe('model-unknown')
  })

  test('a file that is not there, by its name', async () => {
    expect(await errorOf({ model: 'models/none.onnx' })).toMatchObject({
      code: 'file-missing',
      message: expect.stringContaining('models/none.onnx'),
    })
  })

  test('a method that the table has, or that is asked for twice', async () => {
    expect((await errorOf({ model: { ...INVERT, name: 'ready' } })).code).toBe('method-taken')
    expect((await errorOf({ model: [INVERT, INVERT] })).code).toBe('method-taken')
  })

  test('bicubic without a scale, an overlap as large as the tile, an image without LR, an unknown provider', async () => {
    const { scale: _, ...unscaled } = photos
    expect((await errorOf({ model: 'bicubic' }, { photos: unscaled })).code).toBe('scale-unknown')
    expect((await errorOf({ model: INVERT, tile: 32, overlap: 32 })).code).toBe('overlap-too-large')
    const noLr: StudyTable = { ...photos, rows: [{ id: 'x', method: null, images: {}, values: {} }] }
    expect((await errorOf({ model: INVERT }, { photos: noLr })).code).toBe('lr-missing')
    expect((await errorOf({ model: INVERT, provider: 'cdua' })).message).toContain('"cuda"')
  })
})

test('the fingerprint holds the checksum of every model file', async () => {
  const params = infer.params.parse({ of: 'photos', model: [INVERT, 'bicubic'] })
  const first = await infer.fingerprint!(params, stepContext(folder, { photos }))
  expect(first).toEqual({ models: { invert: expect.stringMatching(/^[0-9a-f]{64}$/), bicubic: 'bicubic' } })
})
