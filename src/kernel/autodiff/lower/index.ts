import { ACTIVATIONS } from './activations.ts'
import { LAYOUT } from './layout.ts'
import { REDUCTIONS } from './reductions.ts'
import type { Lower } from './types.ts'
import { WINDOWS } from './windows.ts'

/**
 * Operators said in fewer and simpler ones, and old spellings in new: what is left are the canonical operators, with
 * the meaning of operator set 18, for which there are shape and gradient rules.
 */
export const LOWERINGS: Record<string, Lower> = { ...ACTIVATIONS, ...LAYOUT, ...REDUCTIONS, ...WINDOWS }
