import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { buildModels } from '../../../scripts/build-models.ts'
import { type InferParams, type InferProgress, infer } from '../../../src/kernel/compute/jobs/infer.ts'
import { MirageError } from '../../../src/kernel/errors.ts'
import { resizeBicubic } from '../../../src/kernel/images/bicubic.ts'
import { decodeImage, decodeSamples } from '../../../src/kernel/images/decode.ts'
import { quantize8 } from '../../../src/kernel/images/pixels.ts'
import { PngStream } from '../../../src/kernel/images/png-stream.ts'
import { CATALOG } from '../../../src/kernel/models/catalog.ts'
import { modelManifest } from '../../../src/kernel/models/manifest.ts'
import { networkEngine } from '../../../src/kernel/models/run/network-engine.ts'
import { SESSIONS } from '../../../src/kernel/models/run/session-pool.ts'
import { planAxis } from '../../../src/kernel/models/run/tiles.ts'
import { upscaleImage } from '../../../src/kernel/models/run/upscale-image.ts'
import { GraphBuilder } from '../../../src/kernel/onnx/builder.ts'
import { createFolderStore, hashFile } from '../../../src/kernel/store/folder-store.ts'
import { nearestTimesTwo, saveModel } from '../../fixtures/toy-models.ts'

const folder = mkdtempSync(join(tmpdir(), 'mirage-infer-'))
const store = createFolderStore(join(folder, 'store'))
afterEach(() => SESSIONS.clear())
afterAll(() => rmSync(folder, { recursive: true }))

const noise = (count: number, seed: number) =>
  Uint8Array.from({ length: count }, (_, i) => (Math.imul(i + 1, 2654435761 + seed * 977) >>> 24) & 255)

/** Brings raw 8-bit samples into the store as a PNG. */
async function lrImage(samples: Uint8Array, width: number, height: number, channels: 1 | 2 | 3 | 4) {
  const bytes = await sharp(samples, { raw: { width, height, channels } }).png().toBuffer()
  return { id: 'image', lr: { hash: await store.putObject(bytes), width, height, mime: 'image/png' } }
}

const SETTINGS = { provider: 'cpu', providerNamed: false, tile: 256, overlap: 8 } as const

async function run(
  params: Omit<InferParams, keyof typeof SETTINGS> & Partial<InferParams>,
  signal?: AbortSignal,
) {
  const progress: InferProgress[] = []
  const results = await infer.run(
    { ...SETTINGS, ...params },
    {
      storeRoot: store.root,
      signal: signal ?? new AbortController().signal,
      report: each => progress.push(each),
    },
  )
  return { results, progress }
}

async function pixelsOf(hash: string) {
  const { samples, width, height, channels } = await decodeSamples(store.objectPath(hash), {
    keepAlpha: true,
  })
  return { samples: [...samples], width, height, channels }
}

/** Nearest x2 of interleaved samples, each channel mapped by `value`. */
function enlarged(
  samples: Uint8Array,
  width: number,
  height: number,
  value: (v: number, c: number) => number,
) {
  const out: number[] = []
  for (let y = 0; y < height * 2; y++) {
    for (let x = 0; x < width * 2; x++) {
      for (let c = 0; c < 3; c++) out.push(value(samples[((y >> 1) * width + (x >> 1)) * 3 + c], c))
    }
  }
  return out
}

describe('what networks expect', () => {
  const samples = noise(11 * 7 * 3, 1)
  const INVERTED = [
    { form: '0..1 NCHW', range: '0..1', gain: -1, offset: 1, layout: 'nchw', type: 'float32' },
    { form: '0..255 NHWC', range: '0..255', gain: -1, offset: 255, layout: 'nhwc', type: 'float32' },
    { form: '-1..1 NCHW', range: '-1..1', gain: -1, offset: 0, layout: 'nchw', type: 'float32' },
    { form: '-1..1 NHWC', range: '-1..1', gain: -1, offset: 0, layout: 'nhwc', type: 'float32' },
    {
      form: '0..255 NCHW in half precision',
      range: '0..255',
      gain: -1,
      offset: 255,
      layout: 'nchw',
      type: 'float16',
    },
  ] as const

  test.each(INVERTED)('a network in $form that inverts gives the inverted image', async row => {
    const { range, gain, offset, layout, type } = row
    const graph = nearestTimesTwo([gain, gain, gain], [offset, offset, offset], { layout, type })
    const model = saveModel(folder, graph, { range, layout })
    const { results } = await run({ model, images: [await lrImage(samples, 11, 7, 3)] })
    const { sr } = results[0]
    expect([sr.width, sr.height, sr.mime, sr.thumb]).toEqual([22, 14, 'image/png', sr.hash])
    expect((await pixelsOf(sr.hash)).samples).toEqual(enlarged(samples, 11, 7, v => 255 - v))
  })

  test('a BGR network gets blue first and its answer is turned back', async () => {
    const model = saveModel(folder, nearestTimesTwo([0, 1, 1], [0, 0, 0]), { colour: 'bgr' })
    const { results } = await run({ model, images: [await lrImage(samples, 11, 7, 3)] })
    expect((await pixelsOf(results[0].sr.hash)).samples).toEqual(
      enlarged(samples, 11, 7, (v, c) => (c === 2 ? 0 : v)),
    )
  })

  test('a luma network brightens the image and leaves its colour differences', async () => {
    const graph = nearestTimesTwo([1], [0.1], { channels: 1 })
    const model = saveModel(folder, graph, { colour: 'y' })
    const flat = Uint8Array.from({ length: 6 * 5 * 3 }, (_, i) => [120, 80, 160][i % 3])
    const { results } = await run({ model, images: [await lrImage(flat, 6, 5, 3)] })
    const { samples: out } = await pixelsOf(results[0].sr.hash)
    // +0.1 of luma is 25.5 levels in each of R, G and B.
    for (let c = 0; c < 3; c++) expect(Math.abs(out[c] - [145.5, 105.5, 185.5][c])).toBeLessThanOrEqual(0.5)
    expect(new Set(out).size).toBe(3)
  })

  test('a network of one fixed size takes images of any size', async () => {
    const graph = nearestTimesTwo([-1, -1, -1], [1, 1, 1], { sides: [16, 12] })
    const model = saveModel(folder, graph)
    for (const [width, height] of [
      [37, 29],
      [5, 3],
      [12, 16],
    ]) {
      const image = noise(width * height * 3, 2)
      const { results } = await run({ model, images: [await lrImage(image, width, height, 3)] })
      expect((await pixelsOf(results[0].sr.hash)).samples).toEqual(
        enlarged(image, width, height, v => 255 - v),
      )
    }
  })

  test('sides below the minimum or off the multiple are padded, and the padding is cut away', async () => {
    const graph = nearestTimesTwo([-1, -1, -1], [1, 1, 1])
    const model = saveModel(folder, graph, { multiple: 8, minimum: 16 })
    for (const [width, height] of [
      [1, 1],
      [3, 21],
      [17, 16],
    ]) {
      const image = noise(width * height * 3, 3)
      const { results } = await run({ model, images: [await lrImage(image, width, height, 3)] })
      expect((await pixelsOf(results[0].sr.hash)).samples).toEqual(
        enlarged(image, width, height, v => 255 - v),
      )
    }
  })

  test('a network quantised to 8 bits is run as it is', async () => {
    const builder = new GraphBuilder('int8')
    const input = builder.input('input', 'float32', [1, 3, 'h', 'w'])
    const zero = builder.initializer('zero', { type: 'uint8', dims: [], data: Uint8Array.of(0) })
    const step = builder.initializer('step', { type: 'float32', dims: [], data: Float32Array.of(1 / 255) })
    const quantised = builder.node('QuantizeLinear', [input, step, zero])
    const scales = builder.floats('scales', [1, 1, 2, 2], [4])
    const nearest = { mode: { string: 'nearest' }, coordinate_transformation_mode: { string: 'asymmetric' } }
    const enlargedQuantised = builder.node('Resize', [quantised, '', scales], {
      ...nearest,
      nearest_mode: { string: 'floor' },
    })
    const output = builder.node('DequantizeLinear', [enlargedQuantised, step, zero])
    builder.output(output, 'float32', [1, 3, 'h2', 'w2'])
    const model = saveModel(folder, builder.graph)
    const { results } = await run({ model, images: [await lrImage(samples, 11, 7, 3)] })
    expect((await pixelsOf(results[0].sr.hash)).samples).toEqual(enlarged(samples, 11, 7, v => v))
  })

  test('an operator that the runtime does not know is named', async () => {
    const builder = new GraphBuilder('unknown')
    const input = builder.input('input', 'float32', [1, 3, 'h', 'w'])
    builder.output(builder.node('DeformableUnfold', [input]), 'float32', [1, 3, 'h2', 'w2'])
    const model = saveModel(folder, builder.graph)
    const failed = run({ model, images: [await lrImage(samples, 11, 7, 3)] })
    await expect(failed).rejects.toMatchObject({
      info: { code: 'model-unreadable', message: expect.stringContaining('DeformableUnfold') },
    })
  })

  test('a network that enlarges by another factor than it says is refused', async () => {
    const model = saveModel(folder, nearestTimesTwo([1, 1, 1], [0, 0, 0]), { scale: 4 })
    const failed = run({ model, images: [await lrImage(samples, 11, 7, 3)] })
    await expect(failed).rejects.toMatchObject({ info: { code: 'model-wrong-scale' } })
    expect(SESSIONS.size).toBe(1)
  })

  test('a file that was changed or cut after it was named is refused', async () => {
    const model = saveModel(folder, nearestTimesTwo([1, 1, 1], [0.5, 0, 0]))
    writeFileSync(model.path!, new Uint8Array(100))
    const images = [await lrImage(samples, 11, 7, 3)]
    await expect(run({ model, images })).rejects.toMatchObject({ info: { code: 'model-changed' } })
    const sha256 = await hashFile(model.path!)
    await expect(run({ model: { ...model, sha256 }, images })).rejects.toMatchObject({
      info: { code: 'model-unreadable' },
    })
  })
})

describe('what images bring', () => {
  const model = saveModel(folder, nearestTimesTwo([1, 1, 1], [0, 0, 0]))

  test('alpha is kept beside the enlarged colours, and said', async () => {
    const rgba = noise(8 * 6 * 4, 4).map((v, i) => (i % 4 === 3 ? 128 : v))
    const { results } = await run({ model, images: [await lrImage(rgba, 8, 6, 4)] })
    const { samples, channels } = await pixelsOf(results[0].sr.hash)
    expect(channels).toBe(4)
    const rgb = rgba.filter((_, i) => i % 4 !== 3)
    expect(samples.filter((_, i) => i % 4 !== 3)).toEqual(enlarged(rgb, 8, 6, v => v))
    expect(new Set(samples.filter((_, i) => i % 4 === 3))).toEqual(new Set([128]))
    expect(results[0].notes).toEqual(['alpha kept, enlarged bicubically'])
  })

  test('16-bit files are read at full precision, and said', async () => {
    // Between the levels 100 and 101: a network that adds half a level sees the difference.
    const wide = Uint16Array.from({ length: 4 * 4 * 3 }, () => 100.4 * 257)
    const raw = { width: 4, height: 4, channels: 3 } as const
    const bytes = await sharp(wide, { raw }).toColourspace('rgb16').png().toBuffer()
    const lr = { hash: await store.putObject(bytes), width: 4, height: 4, mime: 'image/png' }
    const adding = saveModel(folder, nearestTimesTwo([1, 1, 1], [0.3 / 255, 0.3 / 255, 0.3 / 255]))
    const { results } = await run({ model: adding, images: [{ id: 'wide', lr }] })
    expect(new Set((await pixelsOf(results[0].sr.hash)).samples)).toEqual(new Set([101]))
    expect(results[0].notes[0]).toMatch(/16-bit/)
  })

  test('a colour profile is converted, and said', async () => {
    const bytes = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#40ff40' } })
      .withIccProfile('p3')
      .png()
      .toBuffer()
    const lr = { hash: await store.putObject(bytes), width: 4, height: 4, mime: 'image/png' }
    const { results } = await run({ model, images: [{ id: 'p3', lr }] })
    const expected = quantize8((await decodeImage(bytes)).pixels)
    const actual = (await decodeImage(store.objectPath(results[0].sr.hash))).pixels
    expect(actual.data[0]).toBe(expected.data[0])
    expect(results[0].notes[0]).toMatch(/colours converted to sRGB/)
  })

  test('large results get a thumbnail', async () => {
    const { results } = await run({ model, images: [await lrImage(noise(200 * 90 * 3, 5), 200, 90, 3)] })
    const { format, width, height } = await sharp(store.objectPath(results[0].sr.thumb!)).metadata()
    expect([format, width, height]).toEqual(['jpeg', 256, 115])
  })
})

describe('bicubic', () => {
  test('equals the plain resize of the decoded image, in bands, alpha and all', async () => {
    const image = await lrImage(noise(9 * 150 * 3, 6), 9, 150, 3)
    const manifest = { ...CATALOG.bicubic.manifest, scale: 3 }
    const { results } = await run({ model: { path: null, sha256: 'bicubic', manifest }, images: [image] })
    const expected = quantize8(
      resizeBicubic((await decodeImage(store.objectPath(image.lr.hash))).pixels, 27, 450),
    )
    const actual = (await decodeImage(store.objectPath(results[0].sr.hash))).pixels
    expect(actual).toEqual(expected)
  })
})

describe('tiling', () => {
  test('a real network gives the same image in tiles as whole, to one level', async () => {
    await buildModels(undefined, ['realesr-general-x4v3'])
    const path = join(import.meta.dirname, '../../../dist/models/realesr-general-x4v3.onnx')
    const { manifest } = CATALOG['realesr-general-x4v3']
    const model = { path, sha256: await hashFile(path), manifest }
    // Smooth waves with edges, and nothing that repeats with the tile.
    const [width, height] = [104, 84]
    const samples = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3]
      return 128 + 60 * Math.sin(x / (5 + c)) * Math.cos(y / 7) + ((x * 3 + y * 5) % 83 < 20 ? 55 : 0)
    })
    const images = [await lrImage(samples, width, height, 3)]
    const difference = async (tile: number, overlap: number) => {
      const whole = await run({ model, images, tile: 512, overlap })
      const tiled = await run({ model, images, tile, overlap })
      expect(whole.results[0].tiles).toBe(1)
      expect(tiled.results[0].tiles).toBeGreaterThan(1)
      const a = await pixelsOf(whole.results[0].sr.hash)
      const b = await pixelsOf(tiled.results[0].sr.hash)
      return a.samples.reduce((worst, v, i) => Math.max(worst, Math.abs(v - b.samples[i])), 0)
    }
    expect(await difference(90, manifest.overlap)).toBeLessThanOrEqual(1)
    // The seam that the overlap is there to prevent.
    expect(await difference(60, 0)).toBeGreaterThan(8)

    // Tiles that overlap less than the network reaches differ from the whole, but show no edge where they meet.
    const seam = async (tile: number, overlap: number) => {
      const whole = await run({ model, images, tile: 512, overlap })
      const tiled = await run({ model, images, tile, overlap })
      const { starts, size } = planAxis(width, { tile, overlap, multiple: 1, minimum: 1 })
      const { scale } = manifest
      const meeting = starts.slice(1).flatMap((start, k) => {
        const end = starts[k] + size
        return Array.from({ length: (end - start) * scale + 1 }, (_, x) => start * scale + x)
      })
      const [a, b] = [whole.results[0].sr.hash, tiled.results[0].sr.hash]
      return edgeStrength(await pixelsOf(a), await pixelsOf(b), meeting)
    }
    // Half a level is what rounding to 8 bits does anyway.
    expect(await seam(60, 24)).toBeLessThan(0.5)
    expect(await seam(60, 0)).toBeGreaterThan(1)
  })

  /** Largest mean step, in levels, that tiling adds between two neighbouring columns of those where tiles meet. */
  function edgeStrength(
    whole: { samples: number[]; width: number; height: number },
    tiled: { samples: number[] },
    columns: number[],
  ): number {
    const { width, height } = whole
    const error = (x: number, y: number, c: number) => {
      const at = (y * width + x) * 3 + c
      return tiled.samples[at] - whole.samples[at]
    }
    const step = (x: number) => {
      let sum = 0
      for (let y = 0; y < height; y++) {
        for (let c = 0; c < 3; c++) sum += Math.abs(error(x, y, c) - error(x - 1, y, c))
      }
      return sum / (height * 3)
    }
    return Math.max(...columns.map(step))
  }

  test('a tile that does not fit into memory is halved once, and said', async () => {
    const manifest = modelManifest.parse({
      id: 'toy',
      kind: 'gan',
      scale: 2,
      layout: 'nchw',
      colour: 'rgb',
      range: '0..1',
    })
    const sizes: number[] = []
    const network = {
      fixed: {},
      channels: 3,
      run: async (_: unknown, { width, height }: { width: number; height: number }) => {
        sizes.push(width)
        if (width > limit) throw new Error('BFCArena::AllocateRawInternal Failed to allocate memory for 8 GB')
        return new Float32Array(width * height * 12).fill(0.2)
      },
    }
    const engine = networkEngine(network, manifest, async () => {})
    let limit = 40
    const image = {
      ...(await decodeSamples(
        await sharp(noise(60 * 60 * 3, 7), { raw: { width: 60, height: 60, channels: 3 } })
          .png()
          .toBuffer(),
      )),
    }
    const fractions: number[] = []
    const options = {
      store,
      engine,
      settings: { tile: 256, overlap: 8 },
      seed: 0,
      signal: new AbortController().signal,
      onProgress: (fraction: number) => fractions.push(fraction),
    }
    const { facts, stored } = await upscaleImage(image, options)
    expect(sizes[0]).toBe(60)
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(30)
    expect(facts.notes).toEqual(['memory did not suffice, so the tile was halved to 30 px'])
    expect(new Set((await pixelsOf((await stored).hash)).samples)).toEqual(new Set([51]))
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
    limit = 5
    await expect(upscaleImage(image, options)).rejects.toThrow('BFCArena')
    expect(readdirSync(join(store.root, 'tmp'))).toEqual([])
  })
})

describe('a job', () => {
  const model = saveModel(folder, nearestTimesTwo([1, 1, -1], [0, 0, 1]))

  test('makes only what is not there yet: an added image runs alone', async () => {
    const [a, b] = [await lrImage(noise(300, 8), 10, 10, 3), await lrImage(noise(300, 9), 10, 10, 3)]
    const first = await run({ model, images: [{ ...a, id: 'a' }] })
    const second = await run({
      model,
      images: [
        { ...a, id: 'a' },
        { ...b, id: 'b' },
      ],
    })
    expect(first.results.map(({ cached }) => cached)).toEqual([false])
    expect(second.results.map(({ id, cached }) => [id, cached])).toEqual([
      ['a', true],
      ['b', false],
    ])
    expect(second.results[0].sr.hash).toBe(first.results[0].sr.hash)
    const named = await run({ model, images: [{ ...a, id: 'a' }], providerNamed: true })
    expect(named.results[0].cached).toBe(false)
    const otherTile = await run({ model, images: [{ ...a, id: 'a' }], tile: 8, overlap: 2 })
    expect(otherTile.results[0].cached).toBe(false)
  })

  test('progress never goes back, ends at its total and names what is finished', async () => {
    const images = await Promise.all(
      [0, 1, 2, 3].map(async i => ({
        ...(await lrImage(noise(40 * 30 * 3, 20 + i), 40, 30, 3)),
        id: `${i}`,
      })),
    )
    const { progress } = await run({ model, images, tile: 16, overlap: 4 })
    const done = progress.map(({ megapixels }) => megapixels)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    expect(done.at(-1)).toBeCloseTo(progress[0].total, 9)
    expect(progress.flatMap(({ finished }) => finished?.id ?? []).sort()).toEqual(['0', '1', '2', '3'])
  })

  test('stopped between tiles leaves no partial file and keeps the finished images', async () => {
    const images = await Promise.all(
      [0, 1, 2].map(async i => ({ ...(await lrImage(noise(60 * 50 * 3, 30 + i), 60, 50, 3)), id: `${i}` })),
    )
    const stop = new AbortController()
    let tiles = 0
    const params = { ...SETTINGS, model, images, tile: 16, overlap: 4 }
    const stopped = infer.run(params, {
      storeRoot: store.root,
      signal: stop.signal,
      report: () => {
        if (++tiles === 30) stop.abort()
      },
    })
    await expect(stopped).rejects.toThrow(/abort/i)
    expect(tiles).toBeLessThan(40)
    expect(readdirSync(join(store.root, 'tmp'))).toEqual([])
    const again = await run(params)
    expect(again.results.map(({ cached }) => cached)).toEqual([true, false, false])
  })

  test('killed while an image is encoded leaves nothing that is taken for a result', async () => {
    const script = join(import.meta.dirname, '../../fixtures/infer-killed.ts')
    const root = join(folder, 'killed')
    const child = spawnSync(process.execPath, [script, root], { encoding: 'utf8' })
    expect(child).toMatchObject({ signal: 'SIGKILL', stdout: 'encoding\n' })
    const records = readdirSync(join(root, 'store', 'records'), { recursive: true }) as string[]
    expect(records.filter(name => name.startsWith('sr') && name.endsWith('.json'))).toEqual([])
    const objects = join(root, 'store', 'objects')
    for (const name of readdirSync(objects, { recursive: true }) as string[]) {
      const [head, tail] = name.split('/')
      if (tail) expect(await hashFile(join(objects, name))).toBe(head + tail)
    }
  })

  test('leaves no session behind once the pool is cleared', async () => {
    await run({ model, images: [await lrImage(noise(300, 41), 10, 10, 3)] })
    expect(SESSIONS.size).toBe(1)
    await SESSIONS.clear()
    expect(SESSIONS.size).toBe(0)
  })

  test('an LR that is not an image fails by its name', async () => {
    const hash = await store.putObject('not a picture')
    const images = [
      { id: 'broken', lr: { hash, width: 5, height: 5, mime: 'image/png', name: 'lr/broken.png' } },
    ]
    const error = await run({ model, images }).catch(each => each as MirageError)
    expect(error).toBeInstanceOf(MirageError)
    expect((error as MirageError).message).toContain('lr/broken.png')
  })
})

test.each([3, 4] as const)('rows written to a streamed PNG with %i channels come back', async channels => {
  const [width, height] = [301, 97]
  const samples = noise(width * height * channels, 11)
  const path = join(folder, `streamed-${channels}.png`)
  const png = new PngStream(path, width, height, channels)
  for (let y = 0; y < height; y += 10) {
    await png.write(samples.subarray(y * width * channels, Math.min(height, y + 10) * width * channels))
  }
  await png.end()
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true })
  expect([info.width, info.height, info.channels]).toEqual([width, height, channels])
  expect(Buffer.compare(data, samples)).toBe(0)
})
