import type { DataType } from '../../onnx/graph.ts'
import type { Attributes } from '../attributes.ts'

export interface Signature {
  type: DataType
  dims: readonly number[]
}

/** What a shape rule sees of a call. */
export interface ShapeQuery {
  op: string
  name: string
  inputs: readonly (Signature | undefined)[]
  attributes: Attributes
  /** Number of outputs asked for. */
  outputs: number
  /** Elements of a constant input, or undefined where it is omitted; throws where it is not constant. */
  elements(input: number): number[] | undefined
}

export type ShapeRule = (query: ShapeQuery) => Signature[]
