import { axisOf, int, ints as intsOf } from '../attributes.ts'
import { broadcast } from '../broadcast.ts'
import { allPads, reshapeDims, sliceRanges } from '../reference/layout.ts'
import { same } from './elementwise.ts'
import type { ShapeRule } from './types.ts'

export const LAYOUT: Record<string, ShapeRule> = {
  Reshape: ({ inputs: [x], attributes, elements }) => [
    { type: x!.type, dims: reshapeDims(x!.dims, elements(1)!, int(attributes, 'allowzero', 0) === 1) },
  ],
  Transpose: ({ inputs: [x], attributes }) => {
    const reverse = x!.dims.map((_, axis) => x!.dims.length - 1 - axis)
    return [{ type: x!.type, dims: intsOf(attributes, 'perm', reverse).map(axis => x!.dims[axis]) }]
  },
  Concat: ({ inputs, attributes }) => {
    const [first] = inputs
    const axis = axisOf(int(attributes, 'axis', 0), first!.dims.length)
    const total = inputs.reduce((sum, input) => sum + input!.dims[axis], 0)
    return [{ type: first!.type, dims: first!.dims.with(axis, total) }]
  },
  Slice: ({ inputs: [x], elements }) => {
    const ranges = sliceRanges(x!.dims, elements(1)!, elements(2)!, elements(3), elements(4))
    return [{ type: x!.type, dims: ranges.map(range => range.size) }]
  },
  Pad: ({ inputs: [x], elements }) => {
    const rank = x!.dims.length
    const pads = allPads(rank, elements(1)!, elements(3))
    return [{ type: x!.type, dims: x!.dims.map((size, axis) => size + pads[axis] + pads[axis + rank]) }]
  },
  Expand: ({ inputs: [x], elements }) => [{ type: x!.type, dims: broadcast(x!.dims, elements(1)!)! }],
  Tile: ({ inputs: [x], elements }) => {
    const repeats = elements(1)!
    return [{ type: x!.type, dims: x!.dims.map((size, axis) => size * repeats[axis]) }]
  },
  Range: ({ inputs: [start], elements }) => {
    const [[from], [to], [step]] = [elements(0)!, elements(1)!, elements(2)!]
    return [{ type: start!.type, dims: [Math.max(0, Math.ceil((to - from) / step))] }]
  },
  Trilu: same,
  DepthToSpace: ({ inputs: [x], attributes }) => {
    const block = int(attributes, 'blocksize', 2)
    const [n, c, h, w] = x!.dims
    return [{ type: x!.type, dims: [n, c / block / block, h * block, w * block] }]
  },
  SpaceToDepth: ({ inputs: [x], attributes }) => {
    const block = int(attributes, 'blocksize', 2)
    const [n, c, h, w] = x!.dims
    return [{ type: x!.type, dims: [n, c * block * block, h / block, w / block] }]
  },
  Gather: ({ inputs: [x, indices], attributes }) => {
    const axis = axisOf(int(attributes, 'axis', 0), x!.dims.length)
    return [{ type: x!.type, dims: x!.dims.toSpliced(axis, 1, ...indices!.dims) }]
  },
  GatherElements: ({ inputs: [x, indices] }) => [{ type: x!.type, dims: indices!.dims }],
  GatherND: ({ inputs: [x, indices] }) => [
    { type: x!.type, dims: [...indices!.dims.slice(0, -1), ...x!.dims.slice(indices!.dims.at(-1)!)] },
  ],
  ScatterElements: same,
  ScatterND: same,
}
