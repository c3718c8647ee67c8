import * as z from 'zod'
import { createPlane, type Plane } from '../images/pixels.ts'
import { halve } from './filters/halve.ts'
import { spread } from './filters/spread.ts'
import { type StructureTensor, structureTensor } from './filters/structure-tensor.ts'
import { defineMetric, type MetricImages, type Reference, tooSmall } from './metric.ts'

/** Keeps the angle of what has none (levels of 255 per pixel, squared, twice) from being noise. */
const FLAT = 1
/** Weighted turn at which the overlay is full. */
const FULL = 10

/**
 * How far structure of SR lies across that of GT: letters, leaves or weave that were redrawn. Of the structure tensors of Y
 * at half size, in each window the vector v = (xx - yy, 2 xy), whose angle is twice that of the gradient; the value is the
 * mean of 1 - cos of the angle between v of SR and v of GT, weighted by sqrt(|v_SR| |v_GT|): 0 where every structure keeps
 * its direction, 1 for no relation, 2 for right angles. Strength does not count, so blur earns nothing and sharpness costs
 * nothing.
 */
export const orientation = defineMetric({
  name: 'orientation',
  label: 'Turned structure',
  summary: 'How far edges and strokes of SR point elsewhere than those of GT: 0 nowhere, 1 no relation.',
  direction: 'lower',
  range: [0, 2],
  settings: z.strictObject({
    reference: z
      .enum(['gt', 'lr'])
      .default('gt')
      .meta({ description: 'Directions of GT, or of LR enlarged by bicubic.' }),
    sigma: z
      .number()
      .positive()
      .max(64)
      .default(12)
      .meta({ description: 'Gaussian window of the structure tensor, pixels of SR.' }),
  }),
  version: '1',
  source:
    'Defined by Mirage, on the structure tensor of Bigun and Granlund, "Optimal orientation detection of linear symmetry", 1987',
  needs: ({ reference }) => [reference],
  measure(images, { reference, sigma }) {
    const { width, height } = images.sr.pixels
    if (Math.min(width, height) < SMALLEST) return tooSmall({ width, height }, SMALLEST)
    const value = turned(images, reference, sigma)
    if (value === undefined) return { value: null, why: 'SR or its reference is flat' }
    const map = () => turnMap(images, reference, sigma, (turn, weight) => Math.sqrt(weight) * turn)
    return { value, map: { range: [0, FULL], plane: map } }
  },
})

/** Smallest side that has gradients at half size. */
export const SMALLEST = 6

/** The weighted mean of the turn; undefined where either image is flat. */
export function turned(images: MetricImages, reference: Reference, sigma: number): number | undefined {
  const { turn, weight } = turnsOf(images, reference, sigma)
  let sum = 0
  let total = 0
  for (let i = 0; i < turn.length; i++) {
    sum += weight[i] * turn[i]
    total += weight[i]
  }
  return total > 0 ? sum / total : undefined
}

/** A value of turn (0..2) and weight (levels of 255 per pixel, squared) at each pixel of SR. */
export function turnMap(
  images: MetricImages,
  reference: Reference,
  sigma: number,
  value: (turn: number, weight: number) => number,
): Plane {
  const { turn, weight, width, height } = turnsOf(images, reference, sigma)
  const half = createPlane(width, height)
  for (let i = 0; i < turn.length; i++) half.data[i] = value(turn[i], weight[i])
  return spread(double(half), images.sr.pixels.width, images.sr.pixels.height)
}

function turnsOf(images: MetricImages, reference: Reference, sigma: number) {
  const tensorOf = (role: 'sr' | Reference) =>
    images.shared(`structure tensor ${role} ${sigma}`, () => {
      const image = role === 'lr' ? images.enlargedLr() : images[role]!
      return structureTensor(halve(image.luma()), sigma / 2)
    })
  const own = tensorOf('sr')
  return { ...turns(own, tensorOf(reference)), width: own.xx.width, height: own.xx.height }
}

/** 1 - cos of twice the angle between two tensors, and how much structure both have there. */
function turns(a: StructureTensor, b: StructureTensor): { turn: Float64Array; weight: Float64Array } {
  const size = a.xx.data.length
  const turn = new Float64Array(size)
  const weight = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const [ax, ay] = [a.xx.data[i] - a.yy.data[i], 2 * a.xy.data[i]]
    const [bx, by] = [b.xx.data[i] - b.yy.data[i], 2 * b.xy.data[i]]
    const product = Math.hypot(ax, ay) * Math.hypot(bx, by)
    // 0 for equal tensors, however weak.
    turn[i] = (product - (ax * bx + ay * by)) / (product + FLAT)
    weight[i] = Math.sqrt(product)
  }
  return { turn, weight }
}

/** Each value as 2 x 2. */
function double({ width, height, data }: Plane): Plane {
  const out = createPlane(2 * width, 2 * height)
  for (let y = 0; y < out.height; y++)
    for (let x = 0; x < out.width; x++) out.data[y * out.width + x] = data[(y >> 1) * width + (x >> 1)]
  return out
}
