import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPixels } from '../../../src/kernel/images/pixels.ts'
import { createRng } from '../../../src/kernel/stats/resampling/rng.ts'
import { readCheckpoint, writeCheckpoint } from '../../../src/kernel/train/checkpoint.ts'
import { degradationSettings, degradePatch } from '../../../src/kernel/train/degradation.ts'
import { breachOf, checkGuards, diverged, type Evaluation } from '../../../src/kernel/train/evaluation.ts'
import { writePatch } from '../../../src/kernel/train/patches.ts'
import { holdOut, randomAt, samplesOf } from '../../../src/kernel/train/plan.ts'
import { decodeSafetensors, encodeSafetensors } from '../../../src/kernel/train/safetensors.ts'
import { type WeightedTerm, weightsAt } from '../../../src/kernel/train/settings.ts'

describe('the plan of a training', () => {
  const plan = fc.record({
    seed: fc.nat(2 ** 31),
    batch: fc.integer({ min: 1, max: 5 }),
    crop: fc.integer({ min: 1, max: 8 }),
  })
  const sizes = fc.array(
    fc.record({ width: fc.integer({ min: 8, max: 30 }), height: fc.integer({ min: 8, max: 30 }) }),
    { minLength: 1, maxLength: 7 },
  )

  test('keeps crops inside their images and shows every image once before any comes again', () => {
    fc.assert(
      fc.property(plan, sizes, (plan, sizes) => {
        const steps = Math.ceil((3 * sizes.length) / plan.batch)
        const samples = Array.from({ length: steps }, (_, step) => samplesOf(step, plan, sizes)).flat()
        for (const { image, x, y, turn } of samples) {
          expect(x >= 0 && x + plan.crop <= sizes[image].width).toBe(true)
          expect(y >= 0 && y + plan.crop <= sizes[image].height).toBe(true)
          expect(turn >= 0 && turn < 8).toBe(true)
        }
        for (let epoch = 0; epoch < 3; epoch++) {
          const shown = samples
            .slice(epoch * sizes.length, (epoch + 1) * sizes.length)
            .map(({ image }) => image)
          expect(new Set(shown).size).toBe(sizes.length)
        }
      }),
    )
  })

  test('draws different numbers for different steps, purposes and seeds', () => {
    const first = (...at: Parameters<typeof randomAt>) => randomAt(...at).uint32()
    const drawn = [
      first(1, 'crop', 0),
      first(1, 'crop', 1),
      first(1, 'order', 0),
      first(2, 'crop', 0),
      first(1, 'crop', 0),
    ]
    expect(new Set(drawn).size).toBe(4)
  })

  test('holds out at least one image and leaves at least one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 50 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.nat(100),
        (count, share, seed) => {
          const { train, held } = holdOut(count, share, seed)
          expect(train.length > 0 && held.length > 0).toBe(true)
          expect([...train, ...held].sort((a, b) => a - b)).toEqual(
            Array.from({ length: count }, (_, i) => i),
          )
        },
      ),
    )
  })

  test('counts a term only while it is due', () => {
    const term = (weight: number, during: [number, number]): WeightedTerm => ({
      name: 'x',
      loss: 'x',
      settings: {},
      weight,
      during,
    })
    const terms = [term(2, [0, 0.5]), term(0, [0, 1]), term(3, [0.5, 1])]
    expect([1, 5, 6, 10].map(update => [...weightsAt(update, { terms, steps: 10 })])).toEqual([
      [2, 0],
      [2, 0],
      [0, 3],
      [0, 3],
    ])
  })
})

describe('patches', () => {
  test('are the eight symmetries of a square', () => {
    const image = createPixels(3, 3, 1)
    image.data.set([1, 2, 3, 4, 5, 6, 7, 8, 9])
    const patch = (turn: number) => {
      const target = new Float32Array(27)
      writePatch(target, 0, image, { x: 0, y: 0, side: 3, turn })
      return [...target.slice(0, 9)].join('')
    }
    expect(patch(0)).toBe('123456789')
    expect(patch(1)).toBe('321654987')
    expect(patch(2)).toBe('789456123')
    expect(patch(4)).toBe('147258369')
    expect(new Set(Array.from({ length: 8 }, (_, turn) => patch(turn))).size).toBe(8)
  })
})

describe('second-order degradation', () => {
  const settings = degradationSettings.parse({ kind: 'second-order' })
  const gt = createPixels(32, 32)
  for (let i = 0; i < gt.data.length; i++) gt.data[i] = 0.5 + 0.4 * Math.sin(i / 5)
  const qualities: number[] = []
  const jpeg = (image: typeof gt, quality: number) => {
    qualities.push(quality)
    return Promise.resolve(image)
  }
  const make = (seed: number) => degradePatch(gt, 8, settings, createRng(seed), jpeg)

  test('has the size asked for, follows the seed, and compresses twice within the published range', async () => {
    const [a, again, other] = [await make(1), await make(1), await make(2)]
    expect([a.width, a.height]).toEqual([8, 8])
    expect(a.data).toEqual(again.data)
    expect(a.data).not.toEqual(other.data)
    expect(qualities).toHaveLength(6)
    expect(qualities.every(quality => quality >= 30 && quality <= 95)).toBe(true)
  })

  test('resizes for the second time to a part of the LR, however large the first has left it', async () => {
    // Stripes that an LR of 40 x 40 can just hold, and one of 0.3 of that cannot.
    const stripes = createPixels(160, 160)
    for (let i = 0; i < stripes.data.length; i++) stripes.data[i] = (i % 160) % 16 < 8 ? 0.2 : 0.8
    const plain = { blur: 0, noise: [0, 0], gaussian: 1 } as const
    const parsed = degradationSettings.parse({
      kind: 'second-order',
      first: { ...plain, up: 1, down: 0, resize: [1.5, 1.5] },
      second: { ...plain, up: 0, down: 1, resize: [0.3, 0.3] },
    })
    const made = await degradePatch(stripes, 40, parsed, createRng(1), jpeg)
    const spread = Math.max(...made.data) - Math.min(...made.data)
    expect(spread).toBeLessThan(0.3)
  })

  test('keeps the mean of the image, whatever it does to its detail', async () => {
    const mean = (data: Float32Array) => data.reduce((a, b) => a + b, 0) / data.length
    const means: number[] = []
    for (let seed = 0; seed < 40; seed++) means.push(mean((await make(seed)).data))
    expect(mean(Float32Array.from(means))).toBeCloseTo(mean(gt.data), 1)
  })
})

describe('safetensors', () => {
  const entry = fc.array(fc.float({ noNaN: true }), { maxLength: 9 })
  test('come back as they were, from any place in memory', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z.]{1,12}$/), entry), fc.nat(7), (values, shift) => {
        const tensors = new Map(
          Object.entries(values).map(([name, data]) => [
            name,
            { dims: [data.length], data: Float32Array.from(data) },
          ]),
        )
        const file = encodeSafetensors({ tensors, metadata: { note: 'Größe' } })
        const moved = Buffer.concat([Buffer.alloc(shift), file]).subarray(shift)
        expect(decodeSafetensors(moved)).toEqual({ tensors, metadata: { note: 'Größe' } })
      }),
    )
  })

  test('are as the format says, byte by byte', () => {
    const file = encodeSafetensors({
      tensors: new Map([['w', { dims: [2], data: Float32Array.of(1, -2) }]]),
      metadata: {},
    })
    const length = Number(new DataView(file.buffer).getBigUint64(0, true))
    expect((8 + length) % 8).toBe(0)
    expect(JSON.parse(Buffer.from(file.subarray(8, 8 + length)).toString())).toEqual({
      __metadata__: {},
      w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
    })
    expect([...file.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
  })
})

describe('a checkpoint', () => {
  test('that is cut off anywhere counts as none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mirage-checkpoint-'))
    const path = join(folder, 'deep', 'a.safetensors')
    try {
      expect(await readCheckpoint(path)).toBeUndefined()
      const whole = { vectors: { theta: Float32Array.of(1, 2, 3) }, progress: { update: 7 } }
      await writeCheckpoint(path, whole)
      expect(await readCheckpoint(path)).toEqual(whole)
      const bytes = encodeSafetensors({
        tensors: new Map([['theta', { dims: [3], data: whole.vectors.theta }]]),
        metadata: { progress: '{"update":7}' },
      })
      for (let end = 0; end < bytes.length; end += 3) {
        await writeFile(path, bytes.subarray(0, end))
        expect(await readCheckpoint(path)).toBeUndefined()
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('a checkpoint on a full disk', () => {
  /** Writes over a checkpoint where no file can grow beyond one kilobyte, and prints what came of it. */
  const script = `
    import { writeCheckpoint } from './src/kernel/train/checkpoint.ts'
    const vectors = { theta: new Float32Array(100_000) }
    await writeCheckpoint(process.argv[1], { vectors, progress: { update: 8 } }).catch(error => console.log(error.info.code))
  `
  test('fails by name and leaves the one before whole', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mirage-full-'))
    const path = join(folder, 'a.safetensors')
    try {
      const before = { vectors: { theta: Float32Array.of(1, 2, 3) }, progress: { update: 7 } }
      await writeCheckpoint(path, before)
      const shell = `trap '' XFSZ; ulimit -f 1; exec "$0" --input-type=module -e "$1" "$2"`
      const { stdout } = await promisify(execFile)('bash', ['-c', shell, process.execPath, script, path])
      expect(stdout.trim()).toBe('checkpoint-failed')
      expect(await readCheckpoint(path)).toEqual(before)
      expect(await readdir(folder)).toEqual(['a.safetensors'])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('guards', () => {
  const evaluation = (values: Record<string, number>): Evaluation => ({
    update: 0,
    images: [
      { id: 'a', values },
      { id: 'b', values },
    ],
  })
  const before = evaluation({ d: 1, sharpness: 4 })

  test('of what is 0 before training are refused, as any change would be infinite', () => {
    expect(() => checkGuards(before, { d: 0.1, sharpness: 0.1 })).not.toThrow()
    expect(() => checkGuards(evaluation({ gram: 0, sharpness: 4 }), { gram: 0.1 })).toThrow(
      /The guard on "gram"/,
    )
  })

  test('distances may shrink but not grow, sharpness may do neither', () => {
    const guards = { d: 0.1, sharpness: 0.1 }
    expect(breachOf(before, evaluation({ d: 0.1, sharpness: 4.3 }), guards)).toBeUndefined()
    expect(breachOf(before, evaluation({ d: 1.2, sharpness: 4 }), guards)).toMatchObject({
      name: 'd',
      limit: 0.1,
    })
    expect(breachOf(before, evaluation({ d: 1, sharpness: 3 }), guards)).toEqual({
      name: 'sharpness',
      change: -0.25,
      limit: 0.1,
    })
    expect(breachOf(before, evaluation({ d: 1, sharpness: 5 }), guards)).toMatchObject({ name: 'sharpness' })
    expect(breachOf(before, evaluation({ d: Number.NaN, sharpness: 4 }), guards)).toMatchObject({ name: 'd' })
  })

  test('an objective that grows tenfold or is not a number has diverged', () => {
    const terms: WeightedTerm[] = [{ name: 'd', loss: 'd', settings: {}, weight: 2, during: [0, 1] }]
    expect(diverged(before, evaluation({ d: 9, sharpness: 1 }), terms)).toBe(false)
    expect(diverged(before, evaluation({ d: 11, sharpness: 1 }), terms)).toBe(true)
    expect(diverged(before, evaluation({ d: Number.NaN, sharpness: 1 }), terms)).toBe(true)
  })
})
