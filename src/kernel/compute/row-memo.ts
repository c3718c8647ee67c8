import { createHash } from 'node:crypto'
import { canonicalJson, hashOf } from '../store/canonical.ts'
import type { Compute, RunOptions } from './compute.ts'
import type { JobName, JobParams, JobResult } from './jobs/types.ts'

/** Jobs that work row by row, with the parameter that lists the rows; their result is a list in the same order. */
const ROWS_OF: Partial<Record<JobName, string>> = {
  infer: 'images',
  'infer-command': 'images',
  measure: 'rows',
}

/**
 * What row jobs answered, row by row. Kept with the result of a shard, so that whoever puts the shards together reads a
 * file per shard and not one or several per row.
 */
export class RowMemo {
  /** Result by the hash of a row and of all that the job was told besides. */
  readonly #results = new Map<string, unknown>()

  get(key: string): unknown {
    return this.#results.get(key)
  }

  set(key: string, result: unknown): void {
    this.#results.set(key, result)
  }

  get size(): number {
    return this.#results.size
  }

  toJson(): string {
    return JSON.stringify([...this.#results])
  }

  /** Adds what another memo wrote. */
  addJson(text: string): void {
    for (const [key, result] of JSON.parse(text) as [string, unknown][]) this.#results.set(key, result)
  }
}

/** Compute that asks only for rows that the memo does not have, and adds them to it. */
export function remembering(compute: Compute, memo: RowMemo): Compute {
  return {
    ...compute,
    async run<K extends JobName>(
      job: K,
      params: JobParams<K>,
      options: RunOptions<K>,
    ): Promise<JobResult<K>> {
      const name = ROWS_OF[job]
      if (name === undefined) return compute.run(job, params, options)
      const { [name]: rows, ...rest } = params as Record<string, unknown> & { [rows: string]: unknown[] }
      const settings = hashOf([job, rest])
      const keys = rows.map(row => keyOf(settings, row))
      const missing = rows.filter((_, i) => memo.get(keys[i]) === undefined)
      if (missing.length > 0) {
        const made = (await compute.run(job, { ...rest, [name]: missing } as never, options)) as unknown[]
        const open = keys.filter(key => memo.get(key) === undefined)
        for (const [i, result] of made.entries()) memo.set(open[i], result)
      }
      return keys.map(key => memo.get(key)) as JobResult<K>
    },
  }
}

function keyOf(settings: string, row: unknown): string {
  return createHash('sha256').update(settings).update(canonicalJson(row)).digest('base64url')
}
