import { countOf, emptyArray } from '../../onnx/elements.ts'
import type { DataType, Tensor } from '../../onnx/graph.ts'

/** A row-major array whose elements are doubles whatever its ONNX type; integers are exact up to 2^53. */
export interface NdArray {
  type: DataType
  dims: readonly number[]
  data: Float64Array
}

/** Fills an array by a function of the index. The index is reused between calls: read it, never keep it. */
export function build(
  type: DataType,
  dims: readonly number[],
  element: (index: readonly number[]) => number,
): NdArray {
  const data = new Float64Array(countOf(dims))
  const index = dims.map(() => 0)
  for (let i = 0; i < data.length; i++) {
    data[i] = element(index)
    advance(index, dims)
  }
  return { type, dims, data }
}

/** The next index in row-major order. */
function advance(index: number[], dims: readonly number[]): void {
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    if (++index[axis] < dims[axis]) return
    index[axis] = 0
  }
}

/** Calls a function for every index of a shape, in row-major order. */
export function each(
  dims: readonly number[],
  visit: (index: readonly number[], position: number) => void,
): void {
  const count = countOf(dims)
  const index = dims.map(() => 0)
  for (let i = 0; i < count; i++) {
    visit(index, i)
    advance(index, dims)
  }
}

export function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1)
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * dims[axis + 1]
  return strides
}

/** The element at an index of a shape that `array` broadcasts to (its axes align at the end). */
export function at(array: NdArray, index: readonly number[]): number {
  let position = 0
  let stride = 1
  const shift = index.length - array.dims.length
  for (let axis = array.dims.length - 1; axis >= 0; axis--) {
    if (array.dims[axis] !== 1) position += index[axis + shift] * stride
    stride *= array.dims[axis]
  }
  return array.data[position]
}

/** A copy of a strided view: what Transpose, Slice, Expand and a flip have in common. */
export function strided(
  array: NdArray,
  dims: readonly number[],
  strides: readonly number[],
  offset = 0,
): NdArray {
  const data = new Float64Array(countOf(dims))
  const index = dims.map(() => 0)
  let from = offset
  for (let i = 0; i < data.length; i++) {
    data[i] = array.data[from]
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis]
      if (++index[axis] < dims[axis]) break
      from -= strides[axis] * dims[axis]
      index[axis] = 0
    }
  }
  return { type: array.type, dims, data }
}

export function reshaped(array: NdArray, dims: readonly number[]): NdArray {
  return { ...array, dims }
}

export function vector(values: readonly number[], type: DataType = 'int64'): NdArray {
  return { type, dims: [values.length], data: Float64Array.from(values) }
}

export function scalar(value: number, type: DataType = 'float32'): NdArray {
  return { type, dims: [], data: Float64Array.of(value) }
}

export function fromTensor(tensor: Tensor): NdArray {
  const { type, dims, data } = tensor
  if (type === 'float16') return { type, dims, data: Float64Array.from(data as Uint16Array, fromHalf) }
  if (data instanceof BigInt64Array) return { type, dims, data: Float64Array.from(data, Number) }
  return { type, dims, data: Float64Array.from(data) }
}

/** Rounds to the array's own type. */
export function toTensor(array: NdArray): Tensor {
  const dims = [...array.dims]
  if (array.type === 'int64') return { type: 'int64', dims, data: BigInt64Array.from(array.data, BigInt) }
  if (array.type === 'float16') throw new Error('constants are never rounded to float16')
  const data = emptyArray(array.type, array.data.length) as Float32Array
  data.set(array.data)
  return { type: array.type, dims, data }
}

/** The value of IEEE 754 half-precision bits. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
