import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { ADAPTERS } from '../../../src/kernel/autodiff/adapters/index.ts'
import { foldConstants } from '../../../src/kernel/autodiff/constants.ts'
import { layoutOf, pack } from '../../../src/kernel/autodiff/layout.ts'
import { type NdArray, scalar } from '../../../src/kernel/autodiff/reference/array.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import {
  advanceGraph,
  encoderGraph,
  endingGraph,
  judgingGraph,
  latentDims,
  type SampledSpec,
} from '../../../src/kernel/autodiff/sampling/graphs.ts'
import { passageOf, STRATEGIES, type StrategyName } from '../../../src/kernel/autodiff/sampling/strategies.ts'
import { linearSteps } from '../../../src/kernel/models/diffusion/coefficients.ts'
import type { PipelineManifest } from '../../../src/kernel/models/diffusion/pipeline.ts'
import { PREDICTIONS } from '../../../src/kernel/models/diffusion/predictions.ts'
import { sampleLatent } from '../../../src/kernel/models/diffusion/sample.ts'
import { SAMPLERS } from '../../../src/kernel/models/diffusion/samplers.ts'
import type { Volume } from '../../../src/kernel/models/diffusion/volume.ts'
import { readGraph } from '../../../src/kernel/onnx/read.ts'
import { createRng } from '../../../src/kernel/stats/resampling/rng.ts'
import { saveToyPipeline } from '../../fixtures/toy-diffusion.ts'
import { noise } from './cases.ts'
import { array, relativeError } from './numbers.ts'

const folder = mkdtempSync(join(tmpdir(), 'mirage-sampling-'))
afterAll(() => rmSync(folder, { recursive: true }))

const numbers = (count: number, seed: number, size = 1) => {
  const next = noise(seed)
  return Array.from({ length: count }, () => size * next())
}
const flat = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1)
const random = (dims: readonly number[], seed: number, size = 1) =>
  array(dims, numbers(flat(dims), seed, size))

/** A pipeline of random weights, whose denoiser is trained whole. */
function toy(settings: Record<string, unknown>): { spec: SampledSpec; manifest: PipelineManifest } {
  const manifest = saveToyPipeline(folder, 'toy', settings)
  const read = (part: string) => foldConstants(readGraph(readFileSync(join(folder, `toy-${part}.onnx`))))
  const embedding = (part: string) => ({
    type: 'float32' as const,
    dims: manifest.prompt!.dims,
    data: new Float32Array(new Uint8Array(readFileSync(join(folder, `toy-${part}.f32`))).buffer),
  })
  const denoiser = read('denoiser')
  const spec: SampledSpec = {
    pipeline: manifest,
    encoder: read('encoder'),
    decoder: read('decoder'),
    denoiser,
    adapted: ADAPTERS.all.apply(denoiser, { target: [] }, createRng(1)),
    prompt: embedding('prompt'),
    negativePrompt: embedding('negative'),
    terms: [{ name: 'mse', loss: 'mse', settings: {} }],
    networks: {},
    crop: 4,
  }
  return { spec, manifest }
}

const sgd = { optimiser: { name: 'sgd' as const, settings: { momentum: 0 } }, accumulate: 1 }

describe('a step of the sampling as a sum', () => {
  const combinations = Object.keys(SAMPLERS).flatMap(sampler =>
    Object.keys(PREDICTIONS).map(prediction => [sampler, prediction] as const),
  )
  test.each(combinations)('%s with %s leads where inference does', async (sampler, prediction) => {
    const { manifest } = toy({ sampler, prediction, steps: 4, start: 'lr+noise' })
    const lr: Volume = { channels: 2, height: 2, width: 2, data: Float32Array.from(numbers(8, 3)) }
    const output = (x: number, t: number) => Math.tanh(0.3 * x + t / 1000)
    const denoise = async (latent: Volume, t: number) => ({
      ...latent,
      data: latent.data.map(x => output(x, t)),
    })
    const stream = () => noise(7)
    const expected = await sampleLatent(lr, manifest, denoise, stream())
    const draw = stream()
    const steps = linearSteps(manifest)
    let latent = [...lr.data].map(x => steps[0].level.signal * x + steps[0].level.noise * draw())
    for (const { timestep, next } of steps) {
      latent = latent.map(
        x => next[0] * x + next[1] * output(x, timestep) + (next[2] === 0 ? 0 : next[2] * draw()),
      )
    }
    expect(relativeError(latent, expected.data, 0.1)).toBeLessThan(1e-5)
  })
})

interface Rollout {
  spec: SampledSpec
  manifest: PipelineManifest
  /** Of the steps that are not trained through, and of those that are. */
  frozen: NdArray
  free: number
  prediction?: boolean
}

const images = ({ crop, pipeline }: SampledSpec) => ({
  lr: random([1, 3, crop, crop], 20, 0.5),
  gt: random([1, 3, crop * pipeline.scale, crop * pipeline.scale], 21, 0.5),
})

/** The loss in float64 where the first steps run with `frozen` and the others with `theta`, and the feeds of the ending. */
function rollout({ spec, manifest, frozen, free, prediction }: Rollout, theta: NdArray) {
  const dims = latentDims(spec)
  const { lr, gt } = images(spec)
  const { 'lr-latent': code } = evaluate(encoderGraph(spec), { lr })
  const steps = linearSteps(manifest)
  const advance = advanceGraph(spec)
  let latent = code
  for (const [i, { timestep, next }] of steps.slice(0, free).entries()) {
    latent = evaluate(advance, {
      'state/theta': frozen,
      latent,
      'lr-latent': code,
      timestep: array([1], [timestep]),
      factors: array([1, 3], next),
      draw: random(dims, 30 + i),
    }).next
  }
  const through = steps.slice(free)
  const count = prediction ? 1 : through.length
  const own = through.slice(0, count)
  const feeds = {
    'state/theta': theta,
    latent,
    'lr-latent': code,
    timestep: array(
      [count],
      own.map(step => step.timestep),
    ),
    factors: array(
      [count, 3],
      own.flatMap(step => (prediction ? step.clean : step.next)),
    ),
    draw: random([count, ...dims.slice(1)], 40),
    lr,
    gt,
    weights: array([1], [1]),
    rate: scalar(1),
    step: scalar(1),
  }
  return { feeds, count }
}

describe('the gradient through a sampling', () => {
  const cases: [string, number, boolean, Record<string, unknown>][] = [
    ['of all steps', 0, false, { steps: 3, sampler: 'ddim' }],
    [
      'of all steps with guidance, noise and the LR latent beside',
      0,
      false,
      { steps: 3, sampler: 'ddpm', guidance: 2, concatenate: true },
    ],
    ['of the last of them', 2, false, { steps: 3, sampler: 'euler', prediction: 'v' }],
    ['of the one step that there is', 0, false, { kind: 'one-step diffusion', prediction: 'residual' }],
    ['of a prediction on the way', 1, true, { steps: 3, guidance: 1.5 }],
  ]
  test.each(cases)('%s agrees with differences in float64', (_, free, prediction, settings) => {
    const { spec, manifest } = toy(settings)
    const layout = layoutOf(spec.adapted.graph, spec.adapted.trained)
    const theta = array([layout.count], [...pack(layout, spec.adapted.graph)])
    const at: Rollout = { spec, manifest, frozen: theta, free, prediction }
    const { feeds, count } = rollout(at, theta)
    const ending = endingGraph(spec, count, sgd)
    const { 'next/theta': moved } = evaluate(ending, feeds)
    // With a rate of 1 the step is the gradient.
    const gradient = theta.data.map((value, i) => value - moved.data[i])
    for (let seed = 0; seed < 3; seed++) {
      const direction = numbers(layout.count, 60 + seed)
      const along = (h: number) => {
        const shifted = array([layout.count], [...theta.data.map((v, i) => v + h * direction[i])])
        return evaluate(ending, rollout(at, shifted).feeds).loss.data[0]
      }
      const h = 1e-4
      const expected = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
      const slope = gradient.reduce((sum, g, i) => sum + g * direction[i], 0)
      expect(Math.abs(slope - expected)).toBeLessThan(1e-6 * Math.max(1e-3, Math.abs(expected)))
    }
  })

  test('is that of the whole sampling cut off where steps are free', () => {
    const { spec, manifest } = toy({ steps: 3 })
    const layout = layoutOf(spec.adapted.graph, spec.adapted.trained)
    const theta = array([layout.count], [...pack(layout, spec.adapted.graph)])
    const results = [0, 2].map(free => {
      const { feeds, count } = rollout({ spec, manifest, frozen: theta, free }, theta)
      return evaluate(endingGraph(spec, count, sgd), feeds)
    })
    const [whole, cut] = results
    expect(relativeError(cut.loss.data, whole.loss.data, 1e-6)).toBeLessThan(1e-6)
    expect(cut.norm.data[0]).toBeGreaterThan(0)
    expect(Math.abs(cut.norm.data[0] / whole.norm.data[0] - 1)).toBeGreaterThan(0.01)
  })

  test('is the same with activations computed twice', () => {
    const { spec, manifest } = toy({ steps: 3 })
    const layout = layoutOf(spec.adapted.graph, spec.adapted.trained)
    const theta = array([layout.count], [...pack(layout, spec.adapted.graph)])
    const { feeds, count } = rollout({ spec, manifest, frozen: theta, free: 0 }, theta)
    const [plain, thrifty] = [1, 3].map(segments => endingGraph(spec, count, sgd, segments))
    expect(thrifty.nodes.length).toBeGreaterThan(plain.nodes.length)
    const [a, b] = [plain, thrifty].map(graph => evaluate(graph, feeds)['next/theta'].data)
    expect(relativeError(b, a, 0.1)).toBeLessThan(1e-12)
  })
})

test('a sample is judged as it is decoded', () => {
  const { spec } = toy({ steps: 2 })
  const layout = layoutOf(spec.adapted.graph, spec.adapted.trained)
  const theta = array([layout.count], [...pack(layout, spec.adapted.graph)])
  const latent = random(latentDims(spec), 5)
  const { lr, gt } = images(spec)
  const out = evaluate(judgingGraph(spec), { 'state/theta': theta, latent, before: latent, lr, gt })
  const squares = out.sr.data.map((value, i) => (value - gt.data[i]) ** 2)
  expect(out.terms.data[0]).toBeCloseTo(squares.reduce((a, b) => a + b, 0) / squares.length, 10)
})

test('a crop that is no whole number of latent pixels is an error that names one that is', () => {
  const { spec } = toy({ scale: 2, latent: { scaling: 0.5, downscale: 8, tile: 64, overlap: 8 } })
  expect(() => latentDims({ ...spec, crop: 6 })).toThrow(
    expect.objectContaining({ info: expect.objectContaining({ remedy: expect.stringContaining('8') }) }),
  )
})

describe('strategies with their published defaults', () => {
  const draws = (name: StrategyName, steps: number, settings: object = {}) => {
    const rng = createRng(4)
    return Array.from({ length: 2000 }, () => passageOf({ name, settings }, steps, rng))
  }
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length

  test.each([
    ['draft', { free: 0, through: 50, sees: 'sample', renoised: 0 }],
    ['draft-k', { free: 49, through: 1, sees: 'sample', renoised: 0 }],
    ['draft-lv', { free: 49, through: 1, sees: 'sample', renoised: 2 }],
  ] as const)('%s', (name, passage) => {
    expect(draws(name, 50)[0]).toEqual(passage)
  })

  test('AlignProp truncates where N(42, 5) of 50 steps says', () => {
    const first = draws('alignprop', 50).map(({ free }) => free)
    // The mean of the Gaussian below 50 is 41.4, of which the fraction is dropped.
    expect(mean(first)).toBeCloseTo(40.9, 0)
    expect(Math.sqrt(mean(first.map(v => (v - mean(first)) ** 2)))).toBeCloseTo(4.5, 0)
    expect(Math.min(...draws('alignprop', 50, { truncation: 'uniform' }).map(({ free }) => free))).toBe(1)
    // Fixed places, of which the outermost are no step, are taken at the nearest.
    const fixed = (mean: number) => draws('alignprop', 50, { mean, deviation: 0 })[0].free
    expect([fixed(0), fixed(0.5), fixed(1)]).toEqual([1, 25, 49])
  })

  test('ReFL rewards the prediction of one of steps 30 to 39 of 40', () => {
    const passages = draws('refl', 40)
    expect(new Set(passages.map(({ free }) => free))).toEqual(
      new Set([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]),
    )
    expect(passages[0]).toMatchObject({ through: 1, sees: 'prediction' })
  })

  test('every strategy stays within the sampling, however short', () => {
    const names = Object.keys(STRATEGIES) as StrategyName[]
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(),
        (name, steps, seed) => {
          const { free, through } = passageOf({ name, settings: {} }, steps, createRng(seed))
          expect(free >= 0 && through >= 1 && free + through <= steps).toBe(true)
          for (const text of [STRATEGIES[name].source, STRATEGIES[name].published]) expect(text).toMatch(/\d/)
        },
      ),
    )
  })
})
