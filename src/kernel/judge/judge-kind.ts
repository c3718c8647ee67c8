import type { z } from 'zod'
import type { Output } from '../protocol/messages.ts'
import type { Fingerprint, StepContext, StepEvent } from '../step.ts'
import type { StudyTable } from '../value.ts'
import type { Budget } from './costs/budget.ts'
import type { Judged } from './judgement.ts'
import type { Prompt } from './prompts/prompt.ts'

/** What every judge is given. */
export interface Assignment {
  table: StudyTable
  prompt: Prompt
  repeats: number
  /** Calls at the same time, and calls begun per minute, per judge. */
  concurrency: number
  rpm?: number
  /** Questions are only shown. */
  preview: boolean
  /** Shared by all judges of the cell. */
  budget: Budget
  context: StepContext
}

/** A judge that knows what it will do, before it does anything that is paid for or leaves the machine. */
export interface ReadyJudge {
  name: string
  /** What running it would send and cost; absent for a judge that sends nothing. */
  bill?: Bill
  /** The first questions as they would be sent; nothing is sent. */
  preview?(questions: number): Promise<Output[]>
  run(): AsyncGenerator<StepEvent, Judged, unknown>
}

export interface Bill {
  host: string
  calls: number
  /** Different images that are sent at least once. */
  images: number
  /** US dollars, an estimate; undefined where the price is not known. */
  cost: number | undefined
}

/** A kind of judge: one row of the registry. */
export interface JudgeKind<Schema extends z.ZodType = z.ZodType> {
  kind: string
  /** What the cell writes under `judge`. */
  settings: Schema
  /** Things outside the cell that its scores depend on. */
  fingerprint?(settings: z.output<Schema>, context: StepContext): Promise<Fingerprint>
  prepare(settings: z.output<Schema>, assignment: Assignment): AsyncGenerator<StepEvent, ReadyJudge, unknown>
}
