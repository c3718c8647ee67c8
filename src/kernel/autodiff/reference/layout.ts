import { type Attributes, axisOf, int, ints, text } from '../attributes.ts'
import { broadcast } from '../broadcast.ts'
import { build, each, fromTensor, type NdArray, reshaped, strided, stridesOf, vector } from './array.ts'
import type { Evaluate } from './types.ts'

/** Resolves `0` (copy the input's size) and `-1` (whatever is left) in a Reshape. */
export function reshapeDims(dims: readonly number[], shape: readonly number[], allowZero: boolean): number[] {
  const wanted = shape.map((size, axis) => (size === 0 && !allowZero ? dims[axis] : size))
  const known = wanted.filter(size => size !== -1).reduce((a, b) => a * b, 1)
  const count = dims.reduce((a, b) => a * b, 1)
  return wanted.map(size => (size === -1 ? count / known : size))
}

export interface Range {
  start: number
  step: number
  size: number
}

/** The part that a Slice takes of each axis, after ONNX's clamping. */
export function sliceRanges(
  dims: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] = starts.map((_, i) => i),
  steps: readonly number[] = starts.map(() => 1),
): Range[] {
  const ranges = dims.map(size => ({ start: 0, step: 1, size }))
  for (const [i, rawAxis] of axes.entries()) {
    const axis = axisOf(rawAxis, dims.length)
    const size = dims[axis]
    const step = steps[i]
    const clamp = (x: number, low: number, high: number) =>
      Math.min(Math.max(x < 0 ? x + size : x, low), high)
    const start = step > 0 ? clamp(starts[i], 0, size) : clamp(starts[i], 0, size - 1)
    const end = step > 0 ? clamp(ends[i], 0, size) : clamp(ends[i], -1, size - 1)
    ranges[axis] = { start, step, size: Math.max(0, Math.ceil((end - start) / step)) }
  }
  return ranges
}

const numbers = (array: NdArray | undefined) => array && [...array.data]

function slice(x: NdArray, ranges: readonly Range[]): NdArray {
  const strides = stridesOf(x.dims)
  const offset = ranges.reduce((sum, range, axis) => sum + range.start * strides[axis], 0)
  return strided(
    x,
    ranges.map(range => range.size),
    strides.map((stride, axis) => stride * ranges[axis].step),
    offset,
  )
}

function concat(inputs: readonly NdArray[], axis: number): NdArray {
  const total = inputs.reduce((sum, input) => sum + input.dims[axis], 0)
  const dims = inputs[0].dims.map((size, i) => (i === axis ? total : size))
  const block = (d: readonly number[]) => d.slice(axis).reduce((a, b) => a * b, 1)
  const out = new Float64Array(dims.reduce((a, b) => a * b, 1))
  let start = 0
  for (const input of inputs) {
    const run = block(input.dims)
    for (let row = 0; row * run < input.data.length; row++) {
      out.set(input.data.subarray(row * run, (row + 1) * run), row * block(dims) + start)
    }
    start += run
  }
  return { type: inputs[0].type, dims, data: out }
}

/** Where a padded position reads from, or -1 for the constant. */
function source(position: number, size: number, mode: string): number {
  if (position >= 0 && position < size) return position
  if (mode === 'edge') return Math.min(Math.max(position, 0), size - 1)
  if (mode === 'wrap') return ((position % size) + size) % size
  if (mode === 'reflect') return position < 0 ? -position : 2 * (size - 1) - position
  return -1
}

function pad(x: NdArray, pads: readonly number[], value: number, mode: string): NdArray {
  const rank = x.dims.length
  const dims = x.dims.map((size, axis) => size + pads[axis] + pads[axis + rank])
  const strides = stridesOf(x.dims)
  return build(x.type, dims, index => {
    let position = 0
    for (let axis = 0; axis < rank; axis++) {
      const from = source(index[axis] - pads[axis], x.dims[axis], mode)
      if (from < 0) return value
      position += from * strides[axis]
    }
    return x.data[position]
  })
}

/** Pads of every axis from pads of some. */
export function allPads(rank: number, pads: readonly number[], axes?: readonly number[]): number[] {
  if (!axes) return [...pads]
  const all = new Array<number>(2 * rank).fill(0)
  for (const [i, rawAxis] of axes.entries()) {
    const axis = axisOf(rawAxis, rank)
    all[axis] = pads[i]
    all[axis + rank] = pads[i + axes.length]
  }
  return all
}

const squeezed = (dims: readonly number[], axes: readonly number[] | undefined) =>
  dims.filter((size, axis) => (axes ? !axes.some(a => axisOf(a, dims.length) === axis) : size !== 1))

export function unsqueezed(dims: readonly number[], axes: readonly number[]): number[] {
  const rank = dims.length + axes.length
  const ones = axes.map(axis => axisOf(axis, rank))
  const rest = [...dims]
  return Array.from({ length: rank }, (_, axis) => (ones.includes(axis) ? 1 : rest.shift()!))
}

const axesOf = (input: NdArray | undefined, attributes: Attributes) =>
  numbers(input) ?? (attributes.axes ? [...ints(attributes, 'axes', [])] : undefined)

/** DepthToSpace as reshape, transpose, reshape; `column` and `row` order the blocks. */
function depthToSpace(x: NdArray, block: number, mode: string): NdArray {
  const [n, c, h, w] = x.dims
  const depth = c / block / block
  return build(x.type, [n, depth, h * block, w * block], ([i, k, y, z]) => {
    const cell = (y % block) * block + (z % block)
    const channel = mode === 'CRD' ? k * block * block + cell : cell * depth + k
    return x.data[((i * c + channel) * h + Math.floor(y / block)) * w + Math.floor(z / block)]
  })
}

function spaceToDepth(x: NdArray, block: number): NdArray {
  const [n, c, h, w] = x.dims
  return build(x.type, [n, c * block * block, h / block, w / block], ([i, k, y, z]) => {
    const cell = Math.floor(k / c)
    const row = y * block + Math.floor(cell / block)
    return x.data[((i * c + (k % c)) * h + row) * w + z * block + (cell % block)]
  })
}

function split(inputs: readonly (NdArray | undefined)[], attributes: Attributes, outputs: number): NdArray[] {
  const x = inputs[0]!
  const axis = axisOf(int(attributes, 'axis', 0), x.dims.length)
  const sizes = splitSizes(x.dims[axis], numbers(inputs[1]) ?? ints(attributes, 'split', []), outputs)
  let start = 0
  return sizes.map(size => {
    const part = slice(x, sliceRanges(x.dims, [start], [start + size], [axis]))
    start += size
    return part
  })
}

/** Sizes of the parts of a Split: as given, or equal with a smaller last one. */
export function splitSizes(size: number, given: readonly number[], outputs: number): number[] {
  if (given.length > 0) return [...given]
  const chunk = Math.ceil(size / outputs)
  return Array.from({ length: outputs }, (_, i) => Math.min(chunk, size - i * chunk))
}

const wrapped = (index: number, size: number) => (index < 0 ? index + size : index)

function gather(x: NdArray, indices: NdArray, axis: number): NdArray {
  const dims = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)]
  const strides = stridesOf(x.dims)
  const indexStrides = stridesOf(indices.dims)
  const rank = indices.dims.length
  return build(x.type, dims, index => {
    const which = indexStrides.reduce((sum, stride, i) => sum + stride * index[axis + i], 0)
    let position = wrapped(indices.data[which], x.dims[axis]) * strides[axis]
    for (let i = 0; i < axis; i++) position += index[i] * strides[i]
    for (let i = axis + 1; i < x.dims.length; i++) position += index[i + rank - 1] * strides[i]
    return x.data[position]
  })
}

/** Visits the tuples of GatherND and ScatterND: the start of each block in `data`, and its number. */
function blocks(
  data: NdArray,
  indices: NdArray,
  visit: (start: number, block: number, size: number) => void,
): void {
  const depth = indices.dims.at(-1)!
  const strides = stridesOf(data.dims)
  const size = data.dims.slice(depth).reduce((a, b) => a * b, 1)
  for (let tuple = 0; tuple * depth < indices.data.length; tuple++) {
    let start = 0
    for (let i = 0; i < depth; i++)
      start += wrapped(indices.data[tuple * depth + i], data.dims[i]) * strides[i]
    visit(start, tuple, size)
  }
}

/** Position in `x` of each element of `indices`, for GatherElements and ScatterElements. */
function elementPositions(x: NdArray, indices: NdArray, axis: number): number[] {
  const strides = stridesOf(x.dims)
  const positions: number[] = []
  each(indices.dims, (index, i) => {
    const along = wrapped(indices.data[i], x.dims[axis])
    positions.push(index.reduce((sum, at, j) => sum + (j === axis ? along : at) * strides[j], 0))
  })
  return positions
}

const scatterInto = (x: NdArray, attributes: Attributes) => {
  const out = { ...x, data: x.data.slice() }
  const add = text(attributes, 'reduction', 'none') === 'add'
  return { out, put: (to: number, value: number) => (out.data[to] = add ? out.data[to] + value : value) }
}

export const LAYOUT: Record<string, Evaluate> = {
  Constant: (_, attributes) => {
    const { value } = attributes
    if (value && 'tensor' in value) return [fromTensor(value.tensor)]
    const { value_float: f, value_int: i, value_ints: is, value_floats: fs } = attributes
    if (f && 'float' in f) return [{ type: 'float32', dims: [], data: Float64Array.of(f.float) }]
    if (i && 'int' in i) return [{ type: 'int64', dims: [], data: Float64Array.of(i.int) }]
    if (is && 'ints' in is) return [vector(is.ints)]
    return [vector(fs && 'floats' in fs ? fs.floats : [], 'float32')]
  },
  ConstantOfShape: ([shape], { value }) => {
    const fill = value && 'tensor' in value ? fromTensor(value.tensor) : undefined
    return [build(fill?.type ?? 'float32', [...shape!.data], () => fill?.data[0] ?? 0)]
  },
  Shape: ([x], attributes) => {
    const { dims } = x!
    return [vector(dims.slice(int(attributes, 'start', 0), int(attributes, 'end', dims.length)))]
  },
  Size: ([x]) => [{ type: 'int64', dims: [], data: Float64Array.of(x!.data.length) }],
  Range: ([start, limit, step]) => {
    const size = Math.max(0, Math.ceil((limit!.data[0] - start!.data[0]) / step!.data[0]))
    return [build(start!.type, [size], ([i]) => start!.data[0] + i * step!.data[0])]
  },
  Reshape: ([x, shape], attributes) => [
    reshaped(x!, reshapeDims(x!.dims, [...shape!.data], int(attributes, 'allowzero', 0) === 1)),
  ],
  Flatten: ([x], attributes) => {
    const axis = axisOf(int(attributes, 'axis', 1), x!.dims.length)
    const outer = x!.dims.slice(0, axis).reduce((a, b) => a * b, 1)
    return [reshaped(x!, [outer, outer === 0 ? 0 : x!.data.length / outer])]
  },
  Squeeze: ([x, axes], attributes) => [reshaped(x!, squeezed(x!.dims, axesOf(axes, attributes)))],
  Unsqueeze: ([x, axes], attributes) => [reshaped(x!, unsqueezed(x!.dims, axesOf(axes, attributes)!))],
  Transpose: ([x], attributes) => {
    const reverse = x!.dims.map((_, axis) => x!.dims.length - 1 - axis)
    const perm = ints(attributes, 'perm', reverse)
    const strides = stridesOf(x!.dims)
    return [
      strided(
        x!,
        perm.map(axis => x!.dims[axis]),
        perm.map(axis => strides[axis]),
      ),
    ]
  },
  Concat: (inputs, attributes) => {
    const arrays = inputs as NdArray[]
    return [concat(arrays, axisOf(int(attributes, 'axis', 0), arrays[0].dims.length))]
  },
  Split: split,
  Slice: ([x, starts, ends, axes, steps]) => [
    slice(x!, sliceRanges(x!.dims, [...starts!.data], [...ends!.data], numbers(axes), numbers(steps))),
  ],
  Pad: ([x, pads, value, axes], attributes) => [
    pad(
      x!,
      allPads(x!.dims.length, [...pads!.data], numbers(axes)),
      value?.data[0] ?? 0,
      text(attributes, 'mode', 'constant'),
    ),
  ],
  Expand: ([x, shape]) => {
    const dims = broadcast(x!.dims, [...shape!.data])!
    const strides = [...dims.map(() => 0), ...stridesOf(x!.dims)].slice(-dims.length)
    const sizes = [...dims.map(() => 1), ...x!.dims].slice(-dims.length)
    return [
      strided(
        x!,
        dims,
        strides.map((stride, axis) => (sizes[axis] === 1 ? 0 : stride)),
      ),
    ]
  },
  Tile: ([x, repeats]) => {
    const dims = x!.dims.map((size, axis) => size * repeats!.data[axis])
    const strides = stridesOf(x!.dims)
    const position = (index: readonly number[]) =>
      index.reduce((sum, i, axis) => sum + (i % x!.dims[axis]) * strides[axis], 0)
    return [build(x!.type, dims, index => x!.data[position(index)])]
  },
  Trilu: ([x, k], attributes) => {
    const shift = k?.data[0] ?? 0
    const upper = int(attributes, 'upper', 1) === 1
    const [row, column] = [x!.dims.length - 2, x!.dims.length - 1]
    const out = { ...x!, data: x!.data.slice() }
    each(x!.dims, (index, i) => {
      const distance = index[column] - index[row]
      if (upper ? distance < shift : distance > shift) out.data[i] = 0
    })
    return [out]
  },
  DepthToSpace: ([x], a) => [depthToSpace(x!, int(a, 'blocksize', 2), text(a, 'mode', 'DCR'))],
  SpaceToDepth: ([x], attributes) => [spaceToDepth(x!, int(attributes, 'blocksize', 2))],
  Gather: ([x, indices], attributes) => [
    gather(x!, indices!, axisOf(int(attributes, 'axis', 0), x!.dims.length)),
  ],
  GatherElements: ([x, indices], attributes) => {
    const positions = elementPositions(x!, indices!, axisOf(int(attributes, 'axis', 0), x!.dims.length))
    return [{ type: x!.type, dims: indices!.dims, data: Float64Array.from(positions, i => x!.data[i]) }]
  },
  GatherND: ([x, indices]) => {
    const dims = [...indices!.dims.slice(0, -1), ...x!.dims.slice(indices!.dims.at(-1)!)]
    const out = build(x!.type, dims, () => 0)
    blocks(x!, indices!, (start, block, size) =>
      out.data.set(x!.data.subarray(start, start + size), block * size),
    )
    return [out]
  },
  ScatterElements: ([x, indices, updates], attributes) => {
    const { out, put } = scatterInto(x!, attributes)
    const positions = elementPositions(x!, indices!, axisOf(int(attributes, 'axis', 0), x!.dims.length))
    for (const [i, to] of positions.entries()) put(to, updates!.data[i])
    return [out]
  },
  ScatterND: ([x, indices, updates], attributes) => {
    const { out, put } = scatterInto(x!, attributes)
    blocks(x!, indices!, (start, block, size) => {
      for (let i = 0; i < size; i++) put(start + i, updates!.data[block * size + i])
    })
    return [out]
  },
}
