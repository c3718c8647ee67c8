import type { z } from 'zod'
import type { Value } from '../tape.ts'

/** One update, on vectors that hold all trained numbers. */
export interface Update {
  /** The trained numbers, `[count]`. */
  theta: Value
  /** Their gradient. */
  gradient: Value
  /** Vectors of the optimiser's memory, by its `memory` names. */
  memory: Readonly<Record<string, Value>>
  /** Learning rate, a scalar. */
  rate: Value
  /** Number of this update, from 1, as a float scalar. */
  step: Value
}

export interface Updated {
  theta: Value
  memory: Record<string, Value>
}

/** An optimiser as two pure functions: what its memory is at first (zeros, under these names), and one update. */
export interface OptimiserDefinition<Schema extends z.ZodType = z.ZodType> {
  name: string
  summary: string
  settings: Schema
  source: string
  memory(settings: z.output<Schema>): string[]
  /** Records one update on the tape of its values. */
  update(at: Update, settings: z.output<Schema>): Updated
}

export function defineOptimiser<Schema extends z.ZodType>(
  definition: OptimiserDefinition<Schema>,
): OptimiserDefinition<Schema> {
  return definition
}
