import { axisOf, float, int } from '../attributes.ts'
import { at, build, type NdArray, reshaped } from './array.ts'
import type { Evaluate } from './types.ts'

/** Standardises each run of `size` consecutive elements. */
function standardise(
  x: NdArray,
  size: number,
  epsilon: number,
): { y: NdArray; means: number[]; inverses: number[] } {
  const y = { ...x, data: x.data.slice() }
  const means: number[] = []
  const inverses: number[] = []
  for (let start = 0; start < x.data.length; start += size) {
    const line = y.data.subarray(start, start + size)
    const mean = line.reduce((a, b) => a + b, 0) / size
    const variance = line.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size
    const inverse = 1 / Math.sqrt(variance + epsilon)
    means.push(mean)
    inverses.push(inverse)
    line.set(line.map(value => (value - mean) * inverse))
  }
  return { y, means, inverses }
}

const area = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1)

/** Scale and shift by channel (axis 1). */
const affine = (
  x: NdArray,
  scale: (channel: number) => number,
  shift: (channel: number) => number,
): NdArray => build(x.type, x.dims, index => at(x, index) * scale(index[1]) + shift(index[1]))

export const NORM: Record<string, Evaluate> = {
  BatchNormalization: ([x, scale, bias, mean, variance], attributes) => {
    const epsilon = float(attributes, 'epsilon', 1e-5)
    const factor = (c: number) => scale!.data[c] / Math.sqrt(variance!.data[c] + epsilon)
    return [affine(x!, factor, c => bias!.data[c] - mean!.data[c] * factor(c))]
  },
  InstanceNormalization: ([x, scale, bias], attributes) => {
    const { y } = standardise(x!, area(x!.dims.slice(2)), float(attributes, 'epsilon', 1e-5))
    return [
      affine(
        y,
        c => scale!.data[c],
        c => bias!.data[c],
      ),
    ]
  },
  /** Scale and bias by channel, as from operator set 21. */
  GroupNormalization: ([x, scale, bias], attributes) => {
    const groups = int(attributes, 'num_groups', 1)
    const { y } = standardise(
      x!,
      (x!.dims[1] / groups) * area(x!.dims.slice(2)),
      float(attributes, 'epsilon', 1e-5),
    )
    return [
      affine(
        y,
        c => scale!.data[c],
        c => bias!.data[c],
      ),
    ]
  },
  LayerNormalization: ([x, scale, bias], attributes) => {
    const axis = axisOf(int(attributes, 'axis', -1), x!.dims.length)
    const { y, means, inverses } = standardise(
      x!,
      area(x!.dims.slice(axis)),
      float(attributes, 'epsilon', 1e-5),
    )
    const out = build(
      x!.type,
      x!.dims,
      index => at(y, index) * at(scale!, index) + (bias ? at(bias, index) : 0),
    )
    const dims = x!.dims.map((size, i) => (i < axis ? size : 1))
    const statistic = (values: number[]) =>
      reshaped({ type: x!.type, dims, data: Float64Array.from(values) }, dims)
    return [out, statistic(means), statistic(inverses)]
  },
  LpNormalization: ([x], attributes) => {
    const axis = axisOf(int(attributes, 'axis', -1), x!.dims.length)
    const p = int(attributes, 'p', 2)
    return [
      build(x!.type, x!.dims, index => {
        let sum = 0
        for (let i = 0; i < x!.dims[axis]; i++) sum += Math.abs(at(x!, index.with(axis, i))) ** p
        return at(x!, index) / sum ** (1 / p)
      }),
    ]
  },
}
