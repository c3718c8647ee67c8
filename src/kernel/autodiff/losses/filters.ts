import { axisWeights } from '../../images/bicubic.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'

/** A linear filter along one axis as a matrix, `rows` outputs by `columns` inputs. */
export interface Matrix {
  rows: number
  columns: number
  data: Float64Array
}

/** One row per output, given by its weights and the positions that they belong to. */
function matrix(
  rows: number,
  columns: number,
  row: (i: number) => [position: number, weight: number][],
): Matrix {
  const data = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) for (const [j, weight] of row(i)) data[i * columns + j] += weight
  return { rows, columns, data }
}

function product(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.columns)
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const weight = a.data[i * a.columns + k]
      if (weight !== 0)
        for (let j = 0; j < b.columns; j++) data[i * b.columns + j] += weight * b.data[k * b.columns + j]
    }
  }
  return { rows: a.rows, columns: b.columns, data }
}

/**
 * A separable filter: one matrix across the rows of an image and one across its columns. As two products it is exact at
 * the borders, whatever they do, and its gradient is two products again.
 */
export function separable(x: Value, along: (size: number) => Matrix): Value {
  const [height, width] = x.dims.slice(2)
  const constant = ({ rows, columns, data }: Matrix) =>
    x.tape.constant({ type: 'float32', dims: [rows, columns], data: Float32Array.from(data) })
  const across = o.matmul(x, o.swapLast(constant(along(width))))
  return o.matmul(constant(along(height)), across)
}

/** ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ... */
function mirror(i: number, n: number): number {
  const period = 2 * n
  const j = ((i % period) + period) % period
  return j < n ? j : period - 1 - j
}

function gaussian(sigma: number, radius: number): number[] {
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  )
  const sum = weights.reduce((a, b) => a + b)
  return weights.map(weight => weight / sum)
}

/** Gaussian blur cut off at 4 sigma, the image mirrored at its edges: as the detail metrics blur. */
export const blur = (sigma: number) => (size: number) => {
  const radius = Math.floor(4 * sigma + 0.5)
  const weights = gaussian(sigma, radius)
  return matrix(size, size, i => weights.map((weight, t) => [mirror(i + t - radius, size), weight]))
}

/** Means over windows that lie inside the image. */
export const boxes = (side: number) => (size: number) =>
  matrix(size - side + 1, size, i => Array.from({ length: side }, (_, t) => [i + t, 1 / side]))

/** Gaussian windows that lie inside the image. */
export const windows = (side: number, sigma: number) => (size: number) => {
  const weights = gaussian(sigma, (side - 1) / 2)
  return matrix(size - side + 1, size, i => weights.map((weight, t) => [i + t, weight]))
}

/** Antialiased bicubic to another size, as in MATLAB's imresize. */
export const bicubic = (to: (size: number) => number) => (size: number) => {
  const { taps, index, weight } = axisWeights(size, to(size), true)
  return matrix(to(size), size, i =>
    Array.from({ length: taps }, (_, t) => [index[i * taps + t], weight[i * taps + t]]),
  )
}

/**
 * What `levels` rounds of the à-trous wavelet leave: blurs by [1 2 1] / 4 with gaps that double, edge pixels repeated, as
 * in the wavelet colour correction of StableSR.
 */
export const coarse = (levels: number) => (size: number) => {
  const inside = (i: number) => Math.min(Math.max(i, 0), size - 1)
  const steps = Array.from({ length: levels }, (_, level) =>
    matrix(size, size, i => [-1, 0, 1].map(side => [inside(i + side * 2 ** level), side === 0 ? 0.5 : 0.25])),
  )
  return steps.reduce((all, step) => product(step, all))
}

/** BT.601 studio luma of RGB in 0..1: 16..235, one channel. */
export function luma(x: Value): Value {
  const weights = {
    type: 'float32' as const,
    dims: [1, 3, 1, 1],
    data: Float32Array.of(65.481, 128.553, 24.966),
  }
  return o.add(x.tape.op('Conv', [x, x.tape.constant(weights)], { kernel_shape: { ints: [1, 1] } }), 16)
}

/** Mean absolute Laplacian (4 neighbours, inner pixels) of luma, by image: what the sharpness metric compares. */
export function sharpness(x: Value): Value {
  const kernel = {
    type: 'float32' as const,
    dims: [1, 1, 3, 3],
    data: Float32Array.of(0, 1, 0, 1, -4, 1, 0, 1, 0),
  }
  const edges = x.tape.op('Conv', [luma(x), x.tape.constant(kernel)], { kernel_shape: { ints: [3, 3] } })
  return o.reshape(o.mean(o.abs(edges), [1, 2, 3]), [x.dims[0]])
}

/** Mean squared gradient (Sobel over 8, inner pixels) of one plane: what the added-detail metric compares. */
export function gradientEnergy(plane: Value): Value {
  const across = [-1, 0, 1, -2, 0, 2, -1, 0, 1]
  const down = [-1, -2, -1, 0, 0, 0, 1, 2, 1]
  const kernels = {
    type: 'float32' as const,
    dims: [2, 1, 3, 3],
    data: Float32Array.from([...across, ...down], weight => weight / 8),
  }
  const slopes = plane.tape.op('Conv', [plane, plane.tape.constant(kernels)], {
    kernel_shape: { ints: [3, 3] },
  })
  return o.mul(o.meanOf(o.square(slopes)), 2)
}
