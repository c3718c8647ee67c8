import { axisOf, int } from '../attributes.ts'
import { reduceAxes } from '../reference/reduce.ts'
import { same } from './elementwise.ts'
import type { ShapeRule } from './types.ts'

const without = (dims: readonly number[], axes: readonly number[], keep: boolean) =>
  keep
    ? dims.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : dims.filter((_, axis) => !axes.includes(axis))

const reduce: ShapeRule = ({ inputs: [x], attributes, elements }) => {
  const noop = int(attributes, 'noop_with_empty_axes', 0) === 1
  const axes = reduceAxes(x!.dims.length, elements(1), [], noop)
  return [{ type: x!.type, dims: without(x!.dims, axes, int(attributes, 'keepdims', 1) === 1) }]
}

const argument: ShapeRule = ({ inputs: [x], attributes }) => {
  const axis = axisOf(int(attributes, 'axis', 0), x!.dims.length)
  return [{ type: 'int64', dims: without(x!.dims, [axis], int(attributes, 'keepdims', 1) === 1) }]
}

export const REDUCE: Record<string, ShapeRule> = {
  ReduceSum: reduce,
  ReduceMean: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ArgMax: argument,
  ArgMin: argument,
  Softmax: same,
  LogSoftmax: same,
  CumSum: same,
}
