import { createHash } from 'node:crypto'
import { canonicalJson, hashOf } from '../store/canonical.ts'

/**
 * What row jobs answered, row by row, failures included, and what judges did. Kept with the result of a shard, so that
 * whoever puts the shards together reads a file per shard and not one or several per row, and tries no row again that has
 * failed.
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

/** Gives rows their keys in a memo; `settings` is all that the job is told besides. */
export function rowKeyer(settings: unknown): (row: unknown) => string {
  const shared = hashOf(settings)
  return row => createHash('sha256').update(shared).update(canonicalJson(row)).digest('base64url')
}
