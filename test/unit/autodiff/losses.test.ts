import { describe, expect, test } from 'vitest'
import { gradients } from '../../../src/kernel/autodiff/differentiate.ts'
import { TAPE_OPSET } from '../../../src/kernel/autodiff/inline.ts'
import {
  type FeatureNetwork,
  LOSSES,
  type LossContext,
  lossOf,
  type Role,
} from '../../../src/kernel/autodiff/losses/index.ts'
import { MEASURES } from '../../../src/kernel/autodiff/losses/measures.ts'
import type { NdArray } from '../../../src/kernel/autodiff/reference/array.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import { Tape, type Value } from '../../../src/kernel/autodiff/tape.ts'
import { resizeBicubic } from '../../../src/kernel/images/bicubic.ts'
import type { Pixels } from '../../../src/kernel/images/pixels.ts'
import { featureDistance } from '../../../src/kernel/metrics/features/distances.ts'
import { networkManifest } from '../../../src/kernel/metrics/features/network.ts'
import { metricImages } from '../../../src/kernel/metrics/images.ts'
import { metricByName } from '../../../src/kernel/metrics/registry.ts'
import type { Graph } from '../../../src/kernel/onnx/graph.ts'
import { type CalibrationModel, estimate } from '../../../src/kernel/stats/calibration/model.ts'
import { noise } from './cases.ts'
import { inception, transformer } from './networks.ts'
import { array, relativeError } from './numbers.ts'

const SIDE = 24
const LR = 12

/** Smooth structure with noise on it, so that detail and luma are as in a photograph. */
function image(side: number, seed: number): NdArray {
  const next = noise(seed)
  const values = Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side) % side]
    return 0.5 + 0.25 * Math.sin((x + seed) / 3) * Math.cos(y / 4) + 0.15 * next()
  })
  return array([1, 3, side, side], values)
}

const IMAGES: Record<Role, NdArray> = {
  sr: image(SIDE, 1),
  gt: image(SIDE, 2),
  lr: image(LR, 3),
  before: image(SIDE, 4),
}

const maps: FeatureNetwork = {
  graph: inception().graph,
  manifest: networkManifest.parse({
    name: 'maps',
    input: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] },
    form: 'lpips',
    taps: ['maxpool', 'concat'].map(output => ({ output, layout: 'nchw', weight: 0.5 })),
  }),
}
const tokens = (form: 'cosine' | 'dists', extra: object = {}): FeatureNetwork => ({
  graph: transformer().graph,
  manifest: networkManifest.parse({
    name: 'tokens',
    input: { size: 8 },
    form,
    taps: [{ output: transformer().graph.outputs[0].name, layout: 'tokens', skip: 1, ...extra }],
  }),
})
const NETWORKS: Record<string, FeatureNetwork> = {
  maps,
  tokens: tokens('cosine'),
  dists: tokens('dists'),
  inception: maps,
}

/** The loss and its gradient with respect to SR, as a graph over the images. */
function graphOf(name: string, settings: object = {}): Graph {
  const tape = new Tape()
  const inputs = new Map<Role, Value>()
  const context: LossContext = {
    image: role => {
      const known = inputs.get(role) ?? tape.input(role, IMAGES[role].dims)
      inputs.set(role, known)
      return known
    },
    scale: SIDE / LR,
    network: network => NETWORKS[network],
    theta: tape.input('theta', [4]),
    initial: tape.input('initial', [4]),
  }
  const definition = lossOf(name)
  const loss = definition.build(context, definition.settings.parse(settings))
  const sr = context.image('sr')
  const [gradient] = gradients(loss, [sr])
  return tape.graph(name, { loss, gradient: gradient ?? sr }, TAPE_OPSET)
}

const numbers = { theta: array([4], [1, 2, 3, 4]), initial: array([4], [1, 2, 3, 6]) }
const run = (graph: Graph, images: Partial<Record<Role, NdArray>> = {}) =>
  evaluate(graph, { ...IMAGES, ...numbers, ...images })
const lossValue = (name: string, settings: object = {}) => run(graphOf(name, settings)).loss.data[0]

const ALL = [
  ...Object.keys(LOSSES).filter(name => name !== 'weight-distance' && name !== 'proxy'),
  'maps',
  'tokens',
  'dists',
]

describe('every loss', () => {
  test.each(ALL)('%s has the slope that differences give', name => {
    const graph = graphOf(name)
    const next = noise(77)
    const direction = IMAGES.sr.data.map(() => next())
    const along = (h: number) =>
      run(graph, { sr: { ...IMAGES.sr, data: IMAGES.sr.data.map((v, i) => v + h * direction[i]) } }).loss
        .data[0]
    const h = 1e-6
    const expected = (along(h) - along(-h)) / (2 * h)
    const actual = run(graph).gradient.data.reduce((sum, g, i) => sum + g * direction[i], 0)
    expect(Math.abs(actual - expected)).toBeLessThan(2e-6 * Math.abs(expected) + 1e-9)
  })

  test.each(ALL.filter(name => name !== 'lr-consistency'))(
    '%s is 0 for a perfect copy and positive otherwise',
    name => {
      const graph = graphOf(name)
      const copy = run(graph, { gt: IMAGES.sr, before: IMAGES.sr }).loss.data[0]
      // What keeps roots from infinite slopes leaves a trace of less than a twentieth of an 8-bit level.
      expect(Math.abs(copy)).toBeLessThan(0.05 / 255)
      expect(run(graph).loss.data[0]).toBeGreaterThan(20 * Math.abs(copy))
    },
  )

  test('weight-distance is the mean square', () => {
    expect(lossValue('weight-distance')).toBe(1)
  })
})

const pixels = ({ dims, data }: NdArray): Pixels => ({
  width: dims[3],
  height: dims[2],
  channels: 3,
  data: Float32Array.from(data),
})

/** The metric of the same name on the same images. */
function metric(name: string, settings: object = {}): number {
  const images = Object.fromEntries(
    (['sr', 'gt', 'lr'] as const).map(role => [role, { hash: role, pixels: pixels(IMAGES[role]) }]),
  )
  const definition = metricByName(name)
  const measured = definition.measure(metricImages(images as never), definition.settings.parse(settings)) as {
    value: number
  }
  return measured.value
}

describe('losses agree with the metrics that they stand for', () => {
  test('lr-consistency reduces as the metric does', () => {
    const sr = resizeBicubic(pixels(IMAGES.sr), LR, LR)
    const expected = sr.data.reduce((sum, v, i) => sum + Math.abs(v - IMAGES.lr.data[i]), 0) / sr.data.length
    expect(lossValue('lr-consistency')).toBeCloseTo(expected, 6)
  })

  test('ssim', () => {
    // The metric rounds luma to integers, which moves it by about a thousandth.
    expect(1 - lossValue('ssim')).toBeCloseTo(metric('ssim'), 2)
  })

  test('detail-agreement', () => {
    for (const reference of ['gt', 'lr']) {
      expect(1 - lossValue('detail-agreement', { window: 8, reference })).toBeCloseTo(
        metric('detail-agreement', { window: 8, reference }),
        3,
      )
    }
  })

  test('unexplained-detail, whose power mean tends to the highest percentile', () => {
    const [low, high] = [4, 200].map(
      exponent => 255 * lossValue('unexplained-detail', { window: 8, exponent }),
    )
    const top = metric('unexplained-detail', { window: 8, percentile: 100 })
    expect(low).toBeLessThan(high)
    expect(high).toBeGreaterThan(0.95 * top - 0.2)
    expect(high).toBeLessThan(top + 0.2)
  })

  test.each([
    ['maps', {}],
    ['tokens', {}],
    ['dists', {}],
  ])('features of %s', name => {
    const network = NETWORKS[name]
    const { input, taps } = network.manifest
    const tapsOf = (role: Role) => {
      const size = input.size === 'native' ? SIDE : input.size
      const resized = size === SIDE ? pixels(IMAGES[role]) : resizeBicubic(pixels(IMAGES[role]), size, size)
      const fed = Array.from(
        resized.data,
        (v, i) => (v - input.mean[Math.floor(i / size / size)]) / input.std[Math.floor(i / size / size)],
      )
      const graph = {
        ...network.graph,
        outputs: taps.map(tap => ({ name: tap.output, type: 'float32' as const, dims: [] })),
      }
      const outputs = evaluate(graph, { image: array([1, 3, size, size], fed) })
      return taps.map(tap => {
        const { dims, data } = outputs[tap.output]
        if (tap.layout === 'nchw')
          return { channels: dims[1], height: dims[2], width: dims[3], data: Float32Array.from(data) }
        const [, count, channels] = dims
        const places = count - tap.skip
        const turned = Float32Array.from(
          { length: channels * places },
          (_, i) => data[(tap.skip + (i % places)) * channels + Math.floor(i / places)],
        )
        return { channels, height: 1, width: places, data: turned }
      })
    }
    const expected = featureDistance(tapsOf('sr'), tapsOf('gt'), network.manifest).value
    expect(lossValue(name)).toBeCloseTo(expected, 5)
  })
})

test('a reward network of another input range gives the same distance and gradient', () => {
  // The same network on 0..255: its first kernel is 255 times as small, and its manifest says so.
  const [first] = maps.graph.nodes
  const kernel = maps.graph.initializers.get(first.inputs[1])!
  const smaller = { ...kernel, data: (kernel.data as Float32Array).map(weight => weight / 255) }
  const initializers = new Map(maps.graph.initializers).set(first.inputs[1], smaller)
  const { input } = maps.manifest
  NETWORKS.levels = {
    graph: { ...maps.graph, initializers },
    manifest: { ...maps.manifest, input: { ...input, std: input.std.map(std => std / 255) as never } },
  }
  const [plain, levels] = ['maps', 'levels'].map(name => run(graphOf(name)))
  expect(levels.loss.data[0]).toBeCloseTo(plain.loss.data[0], 6)
  expect(relativeError(levels.gradient.data, plain.gradient.data, 1e-6)).toBeLessThan(1e-4)
})

describe('a calibrated estimate', () => {
  const columns = Object.keys(MEASURES)
  const model = (curve: CalibrationModel['curve']): CalibrationModel => ({
    of: 'hs',
    columns,
    centres: columns.map((_, i) => i / 10),
    spreads: columns.map((_, i) => 2 + i),
    weights: columns.map((_, i) => 0.1 * (i % 2 === 0 ? 1 : -1)),
    intercept: 3,
    curve,
    range: [1, 5],
  })
  const curves: CalibrationModel['curve'][] = [
    { form: 'linear' },
    { form: 'logistic', parameters: [5, 1, 3, 0.8] },
  ]

  test.each(curves)('of the form $form is what the metrics give', curve => {
    const chosen = model(curve)
    const expected =
      (5 -
        estimate(
          chosen,
          columns.map(name => metric(name)),
        )) /
      4
    // SSIM's metric rounds luma, and detail-agreement leaves flat windows out.
    expect(lossValue('proxy', { model: chosen })).toBeCloseTo(expected, 3)
  })

  test.each(curves)('of the form $form has the slope that differences give', curve => {
    const graph = graphOf('proxy', { model: model(curve) })
    const next = noise(78)
    const direction = IMAGES.sr.data.map(() => next())
    const along = (h: number) =>
      run(graph, { sr: { ...IMAGES.sr, data: IMAGES.sr.data.map((v, i) => v + h * direction[i]) } }).loss
        .data[0]
    const h = 1e-5
    const expected = (along(h) - along(-h)) / (2 * h)
    const actual = run(graph).gradient.data.reduce((sum, g, i) => sum + g * direction[i], 0)
    expect(Math.abs(actual - expected)).toBeLessThan(1e-5 * Math.abs(expected) + 1e-9)
  })
})
