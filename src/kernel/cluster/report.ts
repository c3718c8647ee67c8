import { hostname } from 'node:os'
import type { ErrorInfo } from '../errors.ts'
import type { CellEvent } from '../protocol/messages.ts'
import type { ShardFailure } from '../session/shard-run.ts'
import type { Store } from '../store/store.ts'

/** What a task on a node tells whoever follows, through the shared store. */
export interface TaskReport {
  state: 'running' | 'succeeded' | 'failed'
  host: string
  done: number
  total: number
  label?: string
  /** Rows without a result; a task may have succeeded without them. */
  failures: ShardFailure[]
  error?: ErrorInfo
  /** ISO 8601. */
  at: string
}

const MILLISECONDS_BETWEEN_REPORTS = 2000

/** Writes reports of one task; progress at most every two seconds. */
export class Reporter {
  readonly #store: Store
  readonly #key: string
  #last = 0
  #progress = { done: 0, total: 1, label: undefined as string | undefined }
  #error: ErrorInfo | undefined

  constructor(store: Store, key: string) {
    this.#store = store
    this.#key = key
  }

  listen(event: CellEvent): void {
    if (event.type === 'ended' && event.outcome.kind === 'failed') this.#error = event.outcome.error
    if (event.type !== 'progress') return
    this.#progress = { done: event.done, total: event.total, label: event.label }
    if (Date.now() - this.#last < MILLISECONDS_BETWEEN_REPORTS) return
    this.#last = Date.now()
    void this.#write('running', []).catch(() => {})
  }

  /**
   * @param failures rows that have no result
   * @param rows those that were to be worked on, for a failure of all of them
   */
  async finish(failed: boolean, failures: ShardFailure[], rows: string[]): Promise<void> {
    if (!failed) this.#progress = { ...this.#progress, done: this.#progress.total }
    const whole = failed && this.#error ? [{ rows, error: this.#error }] : []
    await this.#write(failed ? 'failed' : 'succeeded', [...failures, ...whole])
  }

  async #write(state: TaskReport['state'], failures: ShardFailure[]): Promise<void> {
    const report: TaskReport = {
      state,
      host: hostname(),
      ...this.#progress,
      failures,
      ...(state === 'failed' && { error: this.#error }),
      at: new Date().toISOString(),
    }
    await this.#store.putRecord('report', this.#key, report)
  }
}
