import type { Attributes } from '../attributes.ts'
import type { NdArray } from './array.ts'

/** What an operator computes, in float64. An omitted optional input is undefined. */
export type Evaluate = (
  inputs: readonly (NdArray | undefined)[],
  attributes: Attributes,
  outputs: number,
) => NdArray[]
