import { hashOf } from '../store/canonical.ts'
import type { Row, StudyTable } from '../value.ts'
import type { Inputs } from './step-context.ts'

/** One of `count` parts of a table; `index` counts from 0. */
export interface Shard {
  index: number
  count: number
}

/**
 * Index of the shard that a row belongs to. Shards are cut by the content of the image, so that all methods of one image
 * stay together and an added image moves no other.
 */
export function shardOf(row: Row, count: number): number {
  const { lr, gt, sr } = row.images
  const hash = (lr ?? gt ?? sr)?.hash ?? '0'
  return Number.parseInt(hash.slice(0, 12), 16) % count
}

/**
 * The part of every input table that a shard works on. A part is named by its own content: what was done for it holds
 * when rows are added elsewhere, and however many parts there are.
 */
export function cutInputs(whole: Inputs, { index, count }: Shard): Inputs {
  return mapTables(whole, table => table.rows.filter(row => shardOf(row, count) === index))
}

/** All `count` parts, in one pass over the rows. */
export function cutAll(whole: Inputs, count: number): Inputs[] {
  const cut = new Map<StudyTable, Row[][]>()
  for (const { value } of whole.values()) {
    if (value.kind !== 'table') continue
    const parts: Row[][] = Array.from({ length: count }, () => [])
    for (const row of value.rows) parts[shardOf(row, count)].push(row)
    cut.set(value, parts)
  }
  return Array.from({ length: count }, (_, index) => mapTables(whole, table => cut.get(table)![index]))
}

function mapTables(whole: Inputs, rowsOf: (table: StudyTable) => Row[]): Inputs {
  const part: Inputs = new Map()
  for (const [name, input] of whole) {
    if (input.value.kind !== 'table') part.set(name, input)
    else {
      const value = { ...input.value, rows: rowsOf(input.value) }
      part.set(name, { value, hash: hashOf(value) })
    }
  }
  return part
}

/** Rows of all tables among the inputs; undefined where there is no table. */
export function rowCount(inputs: Inputs): number | undefined {
  const counts = [...inputs.values()].flatMap(({ value }) =>
    value.kind === 'table' ? value.rows.length : [],
  )
  return counts.length > 0 ? counts.reduce((sum, count) => sum + count, 0) : undefined
}

/** Image ids of the inputs' tables, each once. */
export function idsIn(inputs: Inputs): string[] {
  return [
    ...new Set(
      [...inputs.values()].flatMap(({ value }) =>
        value.kind === 'table' ? value.rows.map(({ id }) => id) : [],
      ),
    ),
  ]
}
