import { axisOf, float, int, ints } from '../attributes.ts'
import * as o from '../ops.ts'
import { fromTensor } from '../reference/array.ts'
import { reduceAxes } from '../reference/reduce.ts'
import type { Value } from '../tape.ts'
import type { Lower, Site } from './types.ts'
import { unsupported } from './unsupported.ts'

/** Axes of a reduction, which are an attribute before operator set 18 (13 for ReduceSum) and an input after. */
function axesOf({ inputs: [x, given], attributes }: Site): number[] {
  const axes = given?.constant && [...fromTensor(given.constant).data]
  const noop = int(attributes, 'noop_with_empty_axes', 0) === 1
  return reduceAxes(x!.dims.length, axes, ints(attributes, 'axes', []), noop)
}

const reduce =
  (f: (x: Value, axes: number[], keep: boolean) => Value): Lower =>
  site =>
    f(site.x, axesOf(site), int(site.attributes, 'keepdims', 1) === 1)

const direct: Lower = site => {
  const keepdims = { int: int(site.attributes, 'keepdims', 1) }
  const axes = axesOf(site)
  if (axes.length === 0) return site.x
  return site.tape.op(site.op, [site.x, site.tape.vector(axes)], { keepdims }, site.name)
}

const spatial = (x: Value) => x.dims.slice(2).map((_, i) => i + 2)

/** Before operator set 13 a Softmax flattened everything after its axis, which comes to the same for the last axis. */
const softmax: Lower = site => {
  const { tape, op, x, attributes, opset, name } = site
  const rank = x.dims.length
  const axis = axisOf(int(attributes, 'axis', opset < 13 ? 1 : -1), rank)
  if (opset < 13 && axis !== rank - 1) throw unsupported(site, 'over several axes at once')
  return tape.op(op, [x], { axis: { int: axis } }, name)
}

export const REDUCTIONS: Record<string, Lower> = {
  ReduceSum: direct,
  ReduceMean: direct,
  ReduceMax: direct,
  ReduceMin: direct,
  ReduceProd: direct,
  ReduceL1: reduce((x, axes, keep) => o.sum(o.abs(x), axes, keep)),
  ReduceL2: reduce((x, axes, keep) => o.sqrt(o.sum(o.square(x), axes, keep))),
  ReduceSumSquare: reduce((x, axes, keep) => o.sum(o.square(x), axes, keep)),
  ReduceLogSum: reduce((x, axes, keep) => o.log(o.sum(x, axes, keep))),
  ReduceLogSumExp: reduce((x, axes, keep) => {
    const top = o.maxOf(x, axes)
    const sum = o.add(o.log(o.sum(o.exp(o.sub(x, top)), axes)), top)
    return keep
      ? sum
      : o.reshape(
          sum,
          x.dims.filter((_, axis) => !axes.includes(axis)),
        )
  }),
  GlobalAveragePool: ({ x }) => o.mean(x, spatial(x)),
  GlobalMaxPool: ({ x }) => o.maxOf(x, spatial(x)),
  Softmax: softmax,
  LogSoftmax: softmax,
  LpNormalization: ({ x, attributes }) => {
    const axis = axisOf(int(attributes, 'axis', -1), x.dims.length)
    const p1 = int(attributes, 'p', 2) === 1
    return o.div(x, p1 ? o.sum(o.abs(x), [axis]) : o.sqrt(o.sum(o.square(x), [axis])))
  },
  RMSNormalization: ({ x, y: scale, attributes }) => {
    const axis = axisOf(int(attributes, 'axis', -1), x.dims.length)
    const axes = x.dims.map((_, i) => i).slice(axis)
    const energy = o.add(o.mean(o.square(x), axes), float(attributes, 'epsilon', 1e-5))
    return o.mul(o.div(x, o.sqrt(energy)), scale)
  },
}
