import type { z } from 'zod'
import type { Compute } from './compute/compute.ts'
import type { ErrorInfo } from './errors.ts'
import type { Output } from './protocol/messages.ts'
import type { StageFacts } from './protocol/stage-facts.ts'
import type { Store } from './store/store.ts'
import type { Value } from './value.ts'

/**
 * The contract of a step cell. A step is data in (parameters, named results) and events out; it never prints and never
 * touches the editor. The session drives the generator.
 */
export interface StepDefinition<Schema extends z.ZodType = z.ZodType> {
  /** The cell's one top-level YAML key. */
  name: string
  /** Raised whenever the same parameters and inputs would give another result; part of the result key. */
  version: number
  /** One line, shown on hover. */
  summary: string
  params: Schema
  /**
   * How the work can be cut: row by row, over the whole table, as one long job, or as several long jobs. A step that
   * works row by row has a fingerprint that is the same for every part of its table.
   */
  granularity: 'rows' | 'table' | 'job' | 'runs'
  /** How many jobs a step of granularity `runs` is. */
  runs?(params: z.output<Schema>): number
  /** Things outside the document that the result depends on (file hashes, model checksums); part of the result key. */
  fingerprint?(params: z.output<Schema>, context: StepContext): Promise<Fingerprint>
  run(params: z.output<Schema>, context: StepContext): AsyncGenerator<StepEvent, StepResult, unknown>
}

/** JSON by kind and name, e.g. `{ images: { 'lr/a.png': sha256 }, models: { 'realesr-general-x4v3': sha256 } }`. Written to the lock. */
export type Fingerprint = Record<string, Record<string, string>>

export interface StepContext {
  /** Absolute folder of the study; relative paths resolve against it. */
  folder: string
  /** Cell that is running, for errors. */
  cell: string
  seed: number
  signal: AbortSignal
  store: Store
  compute: Compute
  /** A result by name; throws a MirageError that lists the known names. */
  input<K extends Value['kind']>(name: string, kind: K): Extract<Value, { kind: K }>
  /** Whether an earlier cell defines the name (a prompt, a tuned model); shipped ones need no cell. */
  hasInput(name: string): boolean
  /** Content hash of a named result. */
  inputHash(name: string): string
  /** True while a debugger drives: one item at a time, in order, a stage at every point. */
  stepping: boolean
  /** Forbids every network call. */
  offline: boolean
  /** US dollars that the person agreed to spend on a cell. */
  spend?: number
  /** Replay bundle (path) that answers every judge question. */
  replay?: string
  /**
   * Share (above 0, at most 1) of the rows that this run works on; absent for all of them. What is limited for the whole
   * cell (a budget, a rate) is limited to this share of it, so that it holds over all runs together.
   */
  share?: number
  /** The one job, from 0, that this run does of a step of granularity `runs`; all of them without it. */
  part?: number
  /** Environment of the user (keys and endpoints); never stored, never logged. */
  env: Readonly<Record<string, string | undefined>>
}

export type StepEvent =
  /** `done` never decreases and ends at `total`. `rate` is in `unit` per second. */
  | { type: 'progress'; done: number; total: number; label?: string; rate?: number; unit?: string }
  /** Shown at once; an output with the same `id` is replaced in place. */
  | { type: 'output'; output: Output }
  /** A remark that belongs to the result and is shown with it (a fallback taken, a row left out). */
  | { type: 'note'; text: string }
  /**
   * A named point with values to look at. `yield` returns the edited values when a debugger changed them, otherwise
   * undefined.
   */
  | ({ type: 'stage' } & StageFacts)

export interface StepResult {
  /** Bound to the cell's `as:` name. */
  value?: Value
  /** Outputs that stay with the cell, in order. */
  outputs: Output[]
  /** What made the numbers, for the lock file: settings, versions, provider. */
  lock?: Record<string, unknown>
  /** False keeps the result out of the store (a partial or edited result). */
  cacheable?: boolean
  /** Rows that could not be worked on. The result feeds later cells, and the next run tries these rows again. */
  failed?: RowFailure[]
}

/** A row that a step could not work on, and why. */
export interface RowFailure {
  id: string
  method: string | null
  seed?: number
  error: ErrorInfo
}

/** Why a row has no value, in words that are the same whenever and wherever it fails. */
export const reasonOf = ({ error }: { error: ErrorInfo }): string => error.lasting ?? error.message
