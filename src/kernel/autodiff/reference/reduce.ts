import { axisOf, int, ints } from '../attributes.ts'
import { build, each, type NdArray, stridesOf } from './array.ts'
import type { Evaluate } from './types.ts'

/** Axes come as an attribute in old operator sets and as an input in new ones; none means all. */
export function reduceAxes(
  rank: number,
  input: readonly number[] | undefined,
  attribute: readonly number[],
  noop: boolean,
): number[] {
  const axes = input ?? attribute
  if (axes.length === 0) return noop ? [] : Array.from({ length: rank }, (_, axis) => axis)
  return axes.map(axis => axisOf(axis, rank))
}

const reduce =
  (
    start: number,
    step: (sum: number, x: number) => number,
    end = (sum: number, _count: number) => sum,
  ): Evaluate =>
  ([x, axesInput], attributes) => {
    const { dims, data, type } = x!
    const given = axesInput && [...axesInput.data]
    const axes = reduceAxes(
      dims.length,
      given,
      ints(attributes, 'axes', []),
      int(attributes, 'noop_with_empty_axes', 0) === 1,
    )
    const kept = dims.map((size, axis) => (axes.includes(axis) ? 1 : size))
    const strides = stridesOf(kept)
    const out: NdArray = build(type, kept, () => start)
    each(dims, (index, position) => {
      const to = index.reduce((sum, i, axis) => sum + (axes.includes(axis) ? 0 : i * strides[axis]), 0)
      out.data[to] = step(out.data[to], data[position])
    })
    const count = axes.reduce((product, axis) => product * dims[axis], 1)
    out.data = out.data.map(sum => end(sum, count))
    if (int(attributes, 'keepdims', 1) === 1) return [out]
    return [{ ...out, dims: kept.filter((_, axis) => !axes.includes(axis)) }]
  }

/** Applies a function to every line along one axis. */
export function alongAxis(x: NdArray, axis: number, f: (line: number[]) => number[]): NdArray {
  const strides = stridesOf(x.dims)
  const out = new Float64Array(x.data.length)
  each(
    x.dims.map((size, i) => (i === axis ? 1 : size)),
    index => {
      const start = index.reduce((sum, i, at) => sum + i * strides[at], 0)
      const positions = Array.from({ length: x.dims[axis] }, (_, i) => start + i * strides[axis])
      for (const [i, value] of f(positions.map(position => x.data[position])).entries())
        out[positions[i]] = value
    },
  )
  return { ...x, data: out }
}

function softmax(line: number[]): number[] {
  const top = Math.max(...line)
  const powers = line.map(x => Math.exp(x - top))
  const sum = powers.reduce((a, b) => a + b)
  return powers.map(power => power / sum)
}

const argument =
  (better: (a: number, b: number) => boolean): Evaluate =>
  ([x], attributes) => {
    const axis = axisOf(int(attributes, 'axis', 0), x!.dims.length)
    const winners = alongAxis(x!, axis, line => {
      let best = 0
      for (const [i, value] of line.entries()) if (better(value, line[best])) best = i
      return line.map(() => best)
    })
    const [kept] = REDUCE.ReduceMax(
      [winners],
      { axes: { ints: [axis] }, keepdims: attributes.keepdims ?? { int: 1 } },
      1,
    )
    return [{ ...kept, type: 'int64' }]
  }

const sum = (a: number, b: number) => a + b

export const REDUCE: Record<string, Evaluate> = {
  ReduceSum: reduce(0, sum),
  ReduceMean: reduce(0, sum, (total, count) => total / count),
  ReduceMax: reduce(Number.NEGATIVE_INFINITY, Math.max),
  ReduceMin: reduce(Number.POSITIVE_INFINITY, Math.min),
  ReduceProd: reduce(1, (a, b) => a * b),
  ReduceL1: reduce(0, (total, x) => total + Math.abs(x)),
  ReduceL2: reduce(0, (total, x) => total + x * x, Math.sqrt),
  ReduceSumSquare: reduce(0, (total, x) => total + x * x),
  ReduceLogSum: reduce(0, sum, Math.log),
  ReduceLogSumExp: reduce(0, (total, x) => total + Math.exp(x), Math.log),
  GlobalAveragePool: ([x]) => REDUCE.ReduceMean([x], { axes: { ints: spatial(x!) } }, 1),
  GlobalMaxPool: ([x]) => REDUCE.ReduceMax([x], { axes: { ints: spatial(x!) } }, 1),
  ArgMax: argument((a, b) => a > b),
  ArgMin: argument((a, b) => a < b),
  Softmax: ([x], attributes) => [alongAxis(x!, axisOf(int(attributes, 'axis', -1), x!.dims.length), softmax)],
  LogSoftmax: ([x], attributes) => [
    alongAxis(x!, axisOf(int(attributes, 'axis', -1), x!.dims.length), line => softmax(line).map(Math.log)),
  ],
  CumSum: ([x, axis], attributes) => {
    const exclusive = int(attributes, 'exclusive', 0) === 1
    const reverse = int(attributes, 'reverse', 0) === 1
    const run = (line: number[]) => {
      let total = 0
      return line.map(value => {
        const before = total
        total += value
        return exclusive ? before : total
      })
    }
    const f = (line: number[]) => (reverse ? run(line.reverse()).reverse() : run(line))
    return [alongAxis(x!, axisOf(axis!.data[0], x!.dims.length), f)]
  },
}

const spatial = (x: NdArray) => x.dims.slice(2).map((_, i) => i + 2)
