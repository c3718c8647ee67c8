/**
 * An ONNX graph as a plain value. Readers, importers, the differentiator and the writer all speak this; nobody else
 * touches protobuf.
 */
export interface Graph {
  name: string
  /** Version of the default operator set. */
  opset: number
  /** Runtime inputs, without initializers. */
  inputs: ValueInfo[]
  outputs: ValueInfo[]
  /** In topological order. */
  nodes: Node[]
  initializers: Map<string, Tensor>
  /** Model-level `metadata_props`. */
  metadata: Record<string, string>
}

export interface Node {
  /** Operator type, such as `Conv`. */
  op: string
  /** Empty for the default operator set. */
  domain?: string
  name: string
  /** Value names; an empty string is an omitted optional input. */
  inputs: string[]
  outputs: string[]
  attributes: Record<string, Attribute>
}

/** Tagged, because ONNX distinguishes `1` from `1.0`. */
export type Attribute =
  | { int: number }
  | { float: number }
  | { string: string }
  | { ints: number[] }
  | { floats: number[] }
  | { strings: string[] }
  | { tensor: Tensor }

export type DataType = 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool'

/** Row-major. float16 is kept as its raw bits; bool as 0 and 1. */
export interface Tensor {
  type: DataType
  dims: number[]
  data: Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array
}

/** A name stands for a symbolic (dynamic) dimension; the empty string for one that has no name. */
export type Dim = number | string

export interface ValueInfo {
  name: string
  type: DataType
  dims: Dim[]
  /** The file gives no shape at all; `dims` is empty and says nothing. */
  anyRank?: true
}
