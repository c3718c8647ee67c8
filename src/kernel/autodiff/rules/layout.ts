import { axisOf, int, ints, text } from '../attributes.ts'
import * as o from '../ops.ts'
import { fromTensor } from '../reference/array.ts'
import { type Range, sliceRanges } from '../reference/layout.ts'
import type { Value } from '../tape.ts'
import { indexed } from './gather.ts'
import { unpad } from './pad.ts'
import type { At, Rule } from './types.ts'

const elements = (value: Value | undefined) => value && [...fromTensor(value.constant!).data]
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
const axisIn = ({ attributes, a }: At) => axisOf(int(attributes, 'axis', 0), a.dims.length)

/** Puts `step - 1` zeros after each element of an axis. */
export function dilate(x: Value, axis: number, step: number): Value {
  if (step === 1) return x
  const apart = o.reshape(x, x.dims.toSpliced(axis + 1, 0, 1))
  return o.reshape(o.padAxis(apart, axis + 1, 0, step - 1), x.dims.with(axis, x.dims[axis] * step))
}

/** Puts a slice back where it came from, among zeros. */
function unslice(dy: Value, dims: readonly number[], ranges: readonly Range[]): Value {
  let dx = dy
  const before: number[] = []
  for (const [axis, { start, step, size }] of ranges.entries()) {
    if (step < 0) dx = o.flip(dx, [axis])
    dx = dilate(dx, axis, Math.abs(step))
    before.push(step > 0 ? start : start + (size - 1) * step)
  }
  return o.pad(
    dx,
    before,
    dims.map((size, axis) => size - before[axis] - dx.dims[axis]),
  )
}

/** The blocks of a DepthToSpace gathered into channels again. */
function gatherBlocks({ dy, a, attributes }: At): Value {
  const block = int(attributes, 'blocksize', 2)
  const [n, c, h, w] = a.dims
  const apart = o.reshape(dy, [n, c / block / block, h, block, w, block])
  const perm = text(attributes, 'mode', 'DCR') === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
  return o.reshape(o.transpose(apart, perm), [n, c, h, w])
}

export const LAYOUT: Record<string, Rule> = {
  Reshape: [({ dy, a }) => o.reshape(dy, a.dims)],
  Transpose: [
    ({ dy, a, attributes }) => {
      const perm = ints(
        attributes,
        'perm',
        a.dims.map((_, axis) => a.dims.length - 1 - axis),
      )
      return o.transpose(
        dy,
        perm.map((_, axis) => perm.indexOf(axis)),
      )
    },
  ],
  Concat: input => at => {
    const axis = axisIn(at)
    const sizes = at.inputs.map(part => part!.dims[axis])
    const start = sum(sizes.slice(0, input))
    return o.slice(at.dy, axis, start, start + sizes[input])
  },
  Slice: [
    ({ dy, a, inputs }) => {
      const [, starts, ends, axes, steps] = inputs.map((input, i) => (i === 0 ? undefined : elements(input)))
      return unslice(dy, a.dims, sliceRanges(a.dims, starts!, ends!, axes, steps))
    },
  ],
  Pad: [({ dy, a, b, attributes }) => unpad(dy, a.dims, elements(b)!, text(attributes, 'mode', 'constant'))],
  Expand: [({ dy }) => dy],
  Tile: [
    ({ dy, a, b }) => {
      const repeats = elements(b)!
      const apart = o.reshape(
        dy,
        a.dims.flatMap((size, axis) => [repeats[axis], size]),
      )
      return o.reshape(
        o.sum(
          apart,
          a.dims.map((_, axis) => 2 * axis),
        ),
        a.dims,
      )
    },
  ],
  Trilu: [({ dy, b, tape, attributes }) => tape.op('Trilu', [dy, b], attributes)],
  DepthToSpace: [gatherBlocks],
  SpaceToDepth: [
    ({ dy, tape, attributes }) => tape.op('DepthToSpace', [dy], { ...attributes, mode: { string: 'DCR' } }),
  ],
  Gather: [at => indexed(at.dy, at.a, at.b, axisIn(at))],
  GatherElements: [
    at => {
      const scatter = { axis: { int: axisIn(at) }, reduction: { string: 'add' } }
      return at.tape.op('ScatterElements', [o.zeros(at.a), at.b, at.dy], scatter)
    },
  ],
  GatherND: [
    ({ dy, a, b, tape }) => tape.op('ScatterND', [o.zeros(a), b, dy], { reduction: { string: 'add' } }),
  ],
  ScatterND: [
    ({ dy, b, c, tape, attributes }) =>
      text(attributes, 'reduction', 'none') === 'add' ? dy : tape.op('ScatterND', [dy, b, o.zeros(c)]),
    undefined,
    ({ dy, b, tape }) => tape.op('GatherND', [dy, b]),
  ],
}
