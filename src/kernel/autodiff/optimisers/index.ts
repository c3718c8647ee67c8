import { adam, adamw } from './adam.ts'
import { sgd } from './sgd.ts'
import type { OptimiserDefinition } from './types.ts'

export { rateAt, type Schedule, scheduleSettings } from './schedule.ts'
export type { OptimiserDefinition, Update, Updated } from './types.ts'

/** Optimisers, by the word in `optimiser:`. */
export const OPTIMISERS = { sgd, adam, adamw } as const satisfies Record<string, OptimiserDefinition>
export type OptimiserName = keyof typeof OPTIMISERS
