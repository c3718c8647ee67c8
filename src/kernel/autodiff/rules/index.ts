import { CONV } from './conv.ts'
import { ELEMENTWISE } from './elementwise.ts'
import { LAYOUT } from './layout.ts'
import { MATMUL } from './matmul.ts'
import { NORM } from './norm.ts'
import { POOL } from './pool.ts'
import { REDUCE } from './reduce.ts'
import { RESIZE } from './resize.ts'
import type { Rule } from './types.ts'

export type { At, Gradient, Rule } from './types.ts'

/** How gradients flow back through each operator: one rule per row. */
export const RULES: Record<string, Rule> = {
  ...ELEMENTWISE,
  ...REDUCE,
  ...LAYOUT,
  ...MATMUL,
  ...CONV,
  ...POOL,
  ...NORM,
  ...RESIZE,
}
