import { ELEMENTWISE } from './elementwise.ts'
import { LAYOUT } from './layout.ts'
import { PRODUCTS } from './products.ts'
import { REDUCE } from './reduce.ts'
import type { ShapeRule } from './types.ts'

export type { ShapeQuery, ShapeRule, Signature } from './types.ts'

/** Type and shape of each operator's outputs, for the canonical operators that a tape records. */
export const SHAPES: Record<string, ShapeRule> = { ...ELEMENTWISE, ...REDUCE, ...LAYOUT, ...PRODUCTS }
