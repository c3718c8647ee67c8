import type { Attributes } from '../attributes.ts'
import type { Tape, Value } from '../tape.ts'

/** A node that is being recorded on a tape. */
export interface Site {
  tape: Tape
  op: string
  name: string
  /** Inputs up to the last one that is given. */
  inputs: readonly (Value | undefined)[]
  /** The first inputs, of which the operator's definition says that they are there. */
  x: Value
  y: Value
  attributes: Attributes
  outputs: number
  opset: number
}

/** Says an operator in canonical ones. */
export type Lower = (site: Site) => Value | Value[]
