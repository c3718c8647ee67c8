import * as z from 'zod'
import type { StageFacts } from './stage-facts.ts'
import type { VerifiedCell } from './verified-cell.ts'

export type { StageFacts } from './stage-facts.ts'
export type { VerifiedCell } from './verified-cell.ts'

/**
 * Every message between the kernel and its clients, as JSON-RPC requests (client -> kernel) and one notification
 * (kernel -> client). Requests are validated where they arrive.
 */
export { EVENT, PROTOCOL_VERSION } from './wire.ts'

const position = z.object({ line: z.number().int(), column: z.number().int() })

export const errorInfo = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
  cell: z.string().optional(),
  at: position.optional(),
  cost: z.number().optional(),
})
export type ErrorInfo = z.infer<typeof errorInfo>

/** A code cell as the client has it, saved or not. */
export const studyCell = z.object({
  id: z.string(),
  kind: z.enum(['step', 'prompt', 'script']),
  attributes: z.record(z.string(), z.string()),
  text: z.string(),
  /** 1-based line of the text's first line in the file, for errors on the command line. */
  line: z.number().int().optional(),
})
export type StudyCell = z.infer<typeof studyCell>

const study = z.object({
  /** Absolute path of the `*.mirage.md` file; names the session. */
  path: z.string(),
  seed: z.number().int(),
  meta: z.record(z.string(), z.unknown()).default({}),
  cells: z.array(studyCell),
})
export type Study = z.infer<typeof study>

export const runRequest = z.object({
  study,
  /** Ids of the cells to run, in document order. */
  cells: z.array(z.string()),
  options: z
    .object({
      /** Ignore stored results of the named cells. */
      force: z.boolean().default(false),
      /** Forbid every network call. */
      offline: z.boolean().default(false),
      /** US dollars that the person agreed to spend on a cell, where its own `confirmAbove` is less. */
      spend: z.number().min(0).optional(),
      /** Go on with cells that do not depend on the failed one. */
      keepGoing: z.boolean().default(false),
      /** Wait at stages (see `continue`). */
      stepping: z.boolean().default(false),
      /** Work on one part of the rows of each cell, to fill the shared store; the results are partial and not kept. */
      shard: z.object({ index: z.number().int().min(0), count: z.number().int().min(1) }).optional(),
      /** Take what so many shards of each cell have left, where they have; it is a matter of speed alone. */
      parts: z.number().int().min(1).optional(),
      /** Take results with failed rows as the tasks of a cluster have handed them on, and try none of the rows again. */
      settled: z.boolean().default(false),
      /** Write outputs and lock beside the study. */
      record: z.boolean().default(true),
      /** Key under which progress and outcome are told in the shared store; for tasks on a cluster. */
      report: z.string().optional(),
      /** Names the run in its events, where it belongs to a larger one. */
      run: z.string().optional(),
      /** Replay bundle that answers every judge question. */
      replay: z.string().optional(),
    })
    .prefault({}),
})
export type RunRequest = z.infer<typeof runRequest>

export interface RunReply {
  run: string
  succeeded: string[]
  failed: string[]
  cancelled: string[]
}

/** State of a cell against the stored results. */
export type Freshness = 'fresh' | 'stale' | 'never' | 'unknown'

export const requests = {
  initialize: z.object({
    protocol: z.number().int(),
    env: z.record(z.string(), z.string()).default({}),
    /** Proves that the client may speak with a kernel that listens on a socket. */
    token: z.string().optional(),
  }),
  run: runRequest,
  /** The runs of a study that go on, or that ended while no client was there. */
  attach: z.object({ path: z.string() }),
  /** Tells again what such a run has told so far, goes on telling, and answers when it has ended. */
  follow: z.object({ run: z.string() }),
  /** Runs the long cells of a study on a cluster, the rest here. */
  cluster: z.object({
    request: runRequest,
    /** Absolute path of a profile over the one in the study's front matter (`cluster:`); the user's own by default. */
    profile: z.string().optional(),
    action: z.enum(['run', 'resume', 'detach', 'cancel']).default('run'),
  }),
  /** Computes the study again, apart from its cache, and compares with its lock. */
  verify: runRequest,
  interrupt: z.object({ path: z.string() }),
  freshness: z.object({ study }),
  /** Named results of a session, for the results view. */
  results: z.object({ study }),
  /** Step names, summaries and JSON schemas; model and metric names; for completion and hover. */
  describe: z.object({ path: z.string().optional() }),
  /** The saved outputs of a study, to be shown again on opening. */
  outputs: z.object({ path: z.string() }),
  /** Files that hand a study's pieces to another engine, by name. */
  jobTemplate: z.object({
    study,
    engine: z.enum(['k8s', 'ray']),
    profile: z.string().optional(),
  }),
  /** Writes a study with its saved outputs as one file. */
  export: z.object({ path: z.string(), format: z.enum(['html', 'ipynb']), to: z.string() }),
  /** Writes the judges' answers behind a study's scores to a bundle, or copies those of a bundle into its cache. */
  replay: z.object({ path: z.string(), action: z.enum(['pack', 'unpack']), bundle: z.string() }),
  /** Path of a stored object (or of its copy in the outputs folder) for a study. */
  object: z.object({ path: z.string(), hash: z.string() }),
  /** Goes on from the stage that waits; `edit` replaces its values. */
  continue: z.object({
    run: z.string(),
    action: z.enum(['step', 'continue', 'next-row', 'restart-stage', 'stop']),
    edit: z.record(z.string(), z.unknown()).optional(),
  }),
  /** Pauses a training, lets it go on, or ends it with the weights that it has. */
  training: z.object({ path: z.string(), run: z.string(), action: z.enum(['pause', 'resume', 'stop']) }),
  /** Keeps a blind rating, where one is given, and tells what this rater has answered. */
  rate: z.object({
    path: z.string(),
    session: z.string(),
    rater: z.string(),
    answer: z.object({ pair: z.string(), rating: z.number().int(), seconds: z.number().min(0) }).optional(),
  }),
  models: z.object({ path: z.string().optional() }),
  /** Fetches or copies an ONNX file among the user's models. */
  addModel: z.object({
    /** HTTPS address or absolute path. */
    from: z.string(),
    id: z.string(),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/)
      .optional(),
    /** What the file does not say of itself, as in `<file>.onnx.json`. */
    manifest: z.record(z.string(), z.unknown()).default({}),
    offline: z.boolean().default(false),
  }),
  removeModel: z.object({ id: z.string() }),
  /** Puts the library of an execution provider in place, and tries it. */
  addProvider: z.object({ name: z.string(), from: z.string().optional() }),
  doctor: z.object({}),
  /** What computes and how much memory it takes; starts nothing. */
  vitals: z.object({}),
  shutdown: z.object({}),
} as const
export type RequestName = keyof typeof requests
export type RequestParams<K extends RequestName> = z.input<(typeof requests)[K]>

export interface Replies {
  initialize: { protocol: number; version: string; node: string }
  run: RunReply
  attach: { runs: { run: string; cells: string[] }[] }
  follow: RunReply
  /** Without a reply: submitted and left to itself, or cancelled. */
  cluster: { reply?: RunReply }
  verify: { cells: VerifiedCell[] }
  interrupt: Record<string, never>
  freshness: { cells: Record<string, Freshness> }
  results: { results: ResultSummary[] }
  describe: StudyLanguage
  outputs: { cells: SavedCell[] }
  jobTemplate: { files: Record<string, string> }
  /** Cells that had no saved output. */
  export: { missing: string[] }
  replay: { answers: number }
  object: { path: string; mime: string }
  continue: Record<string, never>
  training: Record<string, never>
  /** By pair. */
  rate: { ratings: Record<string, number> }
  models: { models: ModelSummary[] }
  /** `missing` names what must still be said of the model where it is used. */
  addModel: { path: string; sha256: string; missing: string[] }
  removeModel: Record<string, never>
  addProvider: { name: string; works: boolean; reason?: string; needs: string }
  doctor: { report: DoctorRow[] }
  vitals: Vitals
  shutdown: Record<string, never>
}

export interface ResultSummary {
  name: string
  cell: string
  kind: string
  /** Such as `80 rows x 5 columns`. */
  shape: string
  /** Value range of each numeric column. */
  columns: { name: string; min: number | null; max: number | null; missing: number }[]
  thumb?: string
}

export interface StudyLanguage {
  steps: { name: string; summary: string; schema: Record<string, unknown> }[]
  models: string[]
  metrics: { name: string; summary: string }[]
  providers: string[]
  /** JSON schema of a prompt's front matter, and the prompts that need no cell. */
  prompts: { schema: Record<string, unknown>; shipped: { name: string; title: string }[] }
}

export interface ModelSummary {
  id: string
  summary: string
  kind: string
  /** 0 where it is any, or unknown. */
  scale: number
  licence: string
  source: string
  bytes: number | null
  state: 'embedded' | 'downloaded' | 'not downloaded'
}

export interface DoctorRow {
  area: string
  name: string
  state: 'ok' | 'missing' | 'warning'
  detail: string
  remedy?: string
}

export interface Vitals {
  /** The execution provider that a step chose last. */
  provider?: string
  /** Providers that were tried. */
  providers: { name: string; works: boolean; reason?: string }[]
  /** Resident memory in bytes. */
  memory: { kernel: number; compute: number }
}

/** An output slot of a cell. Items are alternatives for the same thing, richest first. */
export interface Output {
  /** Stable within the cell; a later output with the same id replaces it. */
  id: string
  items: OutputItem[]
}

export type OutputItem =
  | { mime: string; json: unknown }
  | { mime: string; text: string }
  /** Binary content by hash of the stored object. */
  | { mime: string; object: string }

export interface SavedCell {
  id: string
  /** sha256 of the cell's text when it ran. */
  textHash: string
  succeeded: boolean
  /** ISO 8601. */
  finished: string
  milliseconds: number
  outputs: Output[]
}

export type CellEvent = { run: string; path: string; cell: string } & (
  | { type: 'queued' }
  | { type: 'started'; at: number }
  | { type: 'cached' }
  | {
      type: 'progress'
      done: number
      total: number
      label?: string
      rate?: number
      unit?: string
      secondsLeft?: number
    }
  /** Live: replaces the output of the same id, or is added. */
  | { type: 'output'; output: Output }
  /** The cell's outputs as they stay, in order; everything shown before is replaced. Sent once, before `ended`. */
  | { type: 'outputs'; outputs: Output[] }
  | { type: 'note'; text: string }
  | ({
      type: 'stage'
      /** The step waits for `continue`. */
      waiting: boolean
    } & StageFacts)
  | { type: 'ended'; at: number; outcome: Outcome }
)

export type Outcome =
  | { kind: 'succeeded'; cached: boolean; milliseconds: number }
  | { kind: 'failed'; error: z.infer<typeof errorInfo> }
  | { kind: 'cancelled' }
