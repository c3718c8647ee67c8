import { type Attributes, axisOf, float, int, ints, text } from '../attributes.ts'
import { build, type NdArray, strided, stridesOf } from './array.ts'
import type { Evaluate } from './types.ts'

/** Where an output sample lies in input coordinates, by ONNX's `coordinate_transformation_mode`. */
const COORDINATES: Record<string, (x: number, scale: number, from: number, to: number) => number> = {
  half_pixel: (x, scale) => (x + 0.5) / scale - 0.5,
  pytorch_half_pixel: (x, scale, _, to) => (to > 1 ? (x + 0.5) / scale - 0.5 : 0),
  half_pixel_symmetric: (x, scale, from, to) =>
    (from / 2) * (1 - to / (to === Math.floor(from * scale) ? from * scale : to)) + (x + 0.5) / scale - 0.5,
  asymmetric: (x, scale) => x / scale,
  align_corners: (x, _, from, to) => (to === 1 ? 0 : (x * (from - 1)) / (to - 1)),
}

const NEAREST: Record<string, (x: number) => number> = {
  round_prefer_floor: x => Math.ceil(x - 0.5),
  round_prefer_ceil: x => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
}

const triangle = (x: number) => Math.max(0, 1 - Math.abs(x))

/** Keys' cubic convolution kernel. */
function keys(x: number, a: number): number {
  const t = Math.abs(x)
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0
}

/**
 * A resize along one axis as a matrix `[to, from]`, by ONNX's definition of Resize: separable modes are this matrix on
 * every axis.
 */
export function resizeMatrix(from: number, to: number, scale: number, attributes: Attributes): NdArray {
  const mode = text(attributes, 'mode', 'nearest')
  const locate = COORDINATES[text(attributes, 'coordinate_transformation_mode', 'half_pixel')]
  const rows = Array.from({ length: to }, (_, i) => {
    const x = locate(i, scale, from, to)
    const row = new Float64Array(from)
    const clamped = (position: number) => Math.min(Math.max(position, 0), from - 1)
    if (mode === 'nearest') {
      row[clamped(NEAREST[text(attributes, 'nearest_mode', 'round_prefer_floor')](x))] = 1
      return row
    }
    const shrink = int(attributes, 'antialias', 0) === 1 ? Math.min(1, scale) : 1
    const a = float(attributes, 'cubic_coeff_a', -0.75)
    const weight = (distance: number) => (mode === 'cubic' ? keys(distance, a) : triangle(distance))
    const radius = (mode === 'cubic' ? 2 : 1) / shrink
    const exclude = shrink < 1 || int(attributes, 'exclude_outside', 0) === 1
    let sum = 0
    for (let position = Math.ceil(x - radius); position <= Math.floor(x + radius); position++) {
      if (exclude && position !== clamped(position)) continue
      const value = weight((position - x) * shrink)
      row[clamped(position)] += value
      sum += value
    }
    return row.map(value => value / sum)
  })
  return build('float32', [to, from], ([i, j]) => rows[i][j])
}

/** Output sizes and scales of a Resize by axis. */
export function resizeSizes(
  dims: readonly number[],
  scales: readonly number[] | undefined,
  sizes: readonly number[] | undefined,
  attributes: Attributes,
): { sizes: number[]; scales: number[] } {
  const axes = ints(
    attributes,
    'axes',
    dims.map((_, axis) => axis),
  ).map(axis => axisOf(axis, dims.length))
  const of = (values: readonly number[], axis: number, rest: number) => values[axes.indexOf(axis)] ?? rest
  if (sizes && sizes.length > 0) {
    const full = dims.map((size, axis) => of(sizes, axis, size))
    return { sizes: full, scales: full.map((size, axis) => size / dims[axis]) }
  }
  const full = dims.map((_, axis) => of(scales ?? [], axis, 1))
  return { sizes: full.map((scale, axis) => Math.floor(dims[axis] * scale)), scales: full }
}

/** Multiplies one axis by a matrix `[to, from]`. */
export function alongAxis(x: NdArray, axis: number, matrix: NdArray): NdArray {
  const [to, from] = matrix.dims
  const strides = stridesOf(x.dims)
  const dims = x.dims.with(axis, to)
  return build(x.type, dims, index => {
    const start = index.reduce((sum, i, k) => sum + (k === axis ? 0 : i * strides[k]), 0)
    let sum = 0
    for (let j = 0; j < from; j++)
      sum += matrix.data[index[axis] * from + j] * x.data[start + j * strides[axis]]
    return sum
  })
}

const given = (array: NdArray | undefined) => (array && array.data.length > 0 ? [...array.data] : undefined)

export const RESIZE: Record<string, Evaluate> = {
  Resize: ([x, , scalesInput, sizesInput], attributes) => {
    const { sizes, scales } = resizeSizes(x!.dims, given(scalesInput), given(sizesInput), attributes)
    let out = strided(x!, x!.dims, stridesOf(x!.dims))
    for (const [axis, size] of sizes.entries()) {
      if (size === x!.dims[axis] && scales[axis] === 1) continue
      out = alongAxis(out, axis, resizeMatrix(x!.dims[axis], size, scales[axis], attributes))
    }
    return [out]
  },
}
