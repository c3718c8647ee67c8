import type { DataType, Tensor } from './graph.ts'

/** One row per element type: its number in ONNX's `TensorProto.DataType`, and the array that holds it. */
export const ELEMENTS = {
  float32: { code: 1, Data: Float32Array },
  uint8: { code: 2, Data: Uint8Array },
  int8: { code: 3, Data: Int8Array },
  int32: { code: 6, Data: Int32Array },
  int64: { code: 7, Data: BigInt64Array },
  bool: { code: 9, Data: Uint8Array },
  float16: { code: 10, Data: Uint16Array },
  float64: { code: 11, Data: Float64Array },
} as const satisfies Record<DataType, { code: number; Data: TensorArrayConstructor }>

interface TensorArrayConstructor {
  readonly BYTES_PER_ELEMENT: number
  new (length: number): Tensor['data']
  new (buffer: ArrayBuffer): Tensor['data']
}

const BY_CODE = new Map(Object.entries(ELEMENTS).map(([name, row]) => [row.code as number, name as DataType]))

/** The element type of an ONNX type number, or undefined where the graph value does not hold it. */
export function dataTypeOf(code: number): DataType | undefined {
  return BY_CODE.get(code)
}

/** Number of elements of a fixed shape; 1 for a scalar. */
export function countOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1)
}

/**
 * Little-endian, row-major bytes as a typed array of their own. They are copied because `raw_data` begins anywhere in
 * the file, and a Float32Array must begin at a multiple of 4.
 */
export function fromBytes(type: DataType, bytes: Uint8Array): Tensor['data'] {
  const own = new ArrayBuffer(bytes.byteLength)
  new Uint8Array(own).set(bytes)
  const { Data } = ELEMENTS[type] as { Data: TensorArrayConstructor }
  return new Data(own)
}

/** The bytes behind a tensor's array, without a copy. */
export function toBytes(data: Tensor['data']): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
}

export function emptyArray(type: DataType, length: number): Tensor['data'] {
  const { Data } = ELEMENTS[type] as { Data: TensorArrayConstructor }
  return new Data(length)
}
