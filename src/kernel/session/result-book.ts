import type { RowMemo } from '../compute/row-memo.ts'
import type { Output } from '../protocol/messages.ts'
import type { Fingerprint, RowFailure } from '../step.ts'
import { canonicalJson } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import type { Value } from '../value.ts'

/** What a cell left behind: enough to show it, to feed later cells, and to write the lock. */
export interface CellResult {
  /** Hash of step version, normalised parameters, inputs, fingerprint and seed. */
  key: string
  /** Store hash of the value's canonical JSON, when the cell defines a name. */
  value?: string
  outputs: Output[]
  /** Store hash of what row jobs answered (`RowMemo`), for the result of a shard. */
  memo?: string
  notes: string[]
  /** Rows that could not be worked on. */
  failed?: RowFailure[]
  /** Another run might make it better: it feeds later cells of the tasks of a cluster, and stands for no cell. */
  provisional?: true
  lock: LockFacts
  milliseconds: number
  /** ISO 8601. */
  finished: string
}

/** Facts for the lock file. */
export interface LockFacts {
  step: string
  version: number
  params: unknown
  inputs: Record<string, string>
  fingerprint: Fingerprint
  seed: number
  settings: Record<string, unknown>
  /** Versions of what computed it, by package. */
  packages?: Record<string, string>
}

/** Results by key: in memory for the ones that must not be kept, in the store for the rest. */
export class ResultBook {
  readonly #store: Store
  readonly #memory = new Map<string, CellResult>()
  readonly #values = new Map<string, Value>()

  constructor(store: Store) {
    this.#store = store
  }

  /** The result under a key, if its value is there too; a provisional one only when this session made it. */
  async find(key: string): Promise<CellResult | undefined> {
    const remembered = this.#memory.get(key)
    if (remembered) return remembered
    const stored = await this.findHanded(key)
    if (!stored || stored.provisional) return undefined
    this.#memory.set(key, stored)
    return stored
  }

  /** Also a provisional one that another task of the cluster has handed on. */
  async findHanded(key: string): Promise<CellResult | undefined> {
    const remembered = this.#memory.get(key)
    if (remembered) return remembered
    const stored = await this.#store.getRecord<CellResult>('result', key)
    if (!stored || (stored.value && !(await this.#store.hasObject(stored.value)))) return undefined
    return stored
  }

  /** The result that a run would only make again. */
  async findFinal(key: string): Promise<CellResult | undefined> {
    const result = await this.find(key)
    return result?.provisional ? undefined : result
  }

  /** @param handOn keeps a provisional result too, for other tasks of the cluster */
  async keep(result: CellResult, { handOn }: { handOn: boolean }): Promise<void> {
    this.#memory.set(result.key, result)
    if (!result.provisional || handOn) await this.#store.putRecord('result', result.key, result)
  }

  async putValue(value: Value): Promise<string> {
    const hash = await this.#store.putObject(canonicalJson(value))
    this.#values.set(hash, value)
    return hash
  }

  /** Adds what the row jobs of a result answered, where it was kept and still is. */
  async recall({ memo: hash }: CellResult, memo: RowMemo): Promise<void> {
    if (hash && (await this.#store.hasObject(hash))) memo.addJson(await this.#textOf(hash))
  }

  /** As a text of its own, so that the bytes are gone before it is read. */
  async #textOf(hash: string): Promise<string> {
    return new TextDecoder().decode(await this.#store.getObject(hash))
  }

  async putMemo(memo: RowMemo): Promise<string | undefined> {
    return memo.size > 0 ? this.#store.putObject(memo.toJson()) : undefined
  }

  async getValue(hash: string): Promise<Value> {
    const known = this.#values.get(hash)
    if (known) return known
    const value = JSON.parse(await this.#textOf(hash)) as Value
    this.#values.set(hash, value)
    return value
  }
}
