import type { Attributes } from '../attributes.ts'
import type { Call, Tape, Value } from '../tape.ts'

/** A call whose output's gradient is known. */
export interface At {
  /** Gradient with respect to the first output. */
  dy: Value
  /** The first output, and the first three inputs. */
  y: Value
  a: Value
  b: Value
  c: Value
  inputs: readonly (Value | undefined)[]
  outputs: readonly Value[]
  attributes: Attributes
  tape: Tape
  /** The call as recorded, to ask for more of its outputs. */
  call: Call
}

/**
 * The gradient with respect to one input. It may still have the shape that broadcasting gave it: the walk sums it to the
 * input's. Undefined where the output does not depend on the input smoothly.
 */
export type Gradient = (at: At) => Value | undefined

/** One gradient per input, in order; a function for operators with any number of inputs. Missing ones are zero. */
export type Rule = readonly (Gradient | undefined)[] | ((input: number) => Gradient)
