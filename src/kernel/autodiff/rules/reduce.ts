import { axisOf, int } from '../attributes.ts'
import * as o from '../ops.ts'
import { fromTensor } from '../reference/array.ts'
import type { Value } from '../tape.ts'
import type { At, Rule } from './types.ts'

const axesOf = ({ b }: At) => [...fromTensor(b.constant!).data]

/** A reduced value with its reduced axes back, of size 1. */
const kept = (at: At, value: Value) => {
  const axes = axesOf(at)
  return o.reshape(
    value,
    at.a.dims.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  )
}

const spread = (at: At) => o.expand(kept(at, at.dy), at.a.dims)
const size = (at: At) => axesOf(at).reduce((product, axis) => product * at.a.dims[axis], 1)

/** Every element that attains the extreme takes an equal share. */
const extreme: Rule = [
  at => {
    const attains = o.cast(o.equal(at.a, kept(at, at.y)), at.a.type)
    return o.mul(o.div(kept(at, at.dy), o.sum(attains, axesOf(at))), attains)
  },
]

const lastAxis = ({ attributes, a }: At) => axisOf(int(attributes, 'axis', -1), a.dims.length)

export const REDUCE: Record<string, Rule> = {
  ReduceSum: [spread],
  ReduceMean: [at => o.expand(o.div(kept(at, at.dy), size(at)), at.a.dims)],
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceProd: [at => o.mul(kept(at, at.dy), o.div(kept(at, at.y), at.a))],
  Softmax: [
    at => {
      const weighted = o.mul(at.dy, at.y)
      return o.sub(weighted, o.mul(at.y, o.sum(weighted, [lastAxis(at)])))
    },
  ],
  LogSoftmax: [at => o.sub(at.dy, o.mul(o.exp(at.y), o.sum(at.dy, [lastAxis(at)])))],
  CumSum: [
    ({ dy, b, tape, attributes }) =>
      tape.op('CumSum', [dy, b], {
        exclusive: { int: int(attributes, 'exclusive', 0) },
        reverse: { int: 1 - int(attributes, 'reverse', 0) },
      }),
  ],
}
