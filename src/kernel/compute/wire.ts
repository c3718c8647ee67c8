import type { ErrorInfo } from '../errors.ts'

/** Pool -> compute process. */
export type ToCompute =
  | { type: 'run'; id: number; job: string; params: unknown; storeRoot: string }
  | { type: 'abort'; id: number }

/** Compute process -> pool. `rss` is the resident memory of the process in bytes. */
export type FromCompute =
  | { type: 'progress'; id: number; progress: unknown; rss: number }
  | { type: 'done'; id: number; result: unknown; rss: number }
  | { type: 'failed'; id: number; error: FailedJob }

export type FailedJob =
  | { kind: 'mirage'; info: ErrorInfo }
  | { kind: 'aborted' }
  | { kind: 'bug'; message: string; stack?: string }
