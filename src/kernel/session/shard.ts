import type { Row, StudyTable } from '../value.ts'

/** One of `count` parts of a table; `index` counts from 0. */
export interface Shard {
  index: number
  count: number
}

/**
 * The rows of a shard. Shards are cut by the content of the image, so that all methods of one image stay together and
 * an added image moves no other.
 */
export function rowsOfShard(table: StudyTable, shard: Shard): StudyTable {
  return { ...table, rows: table.rows.filter(row => shardOf(row, shard.count) === shard.index) }
}

/** Index of the shard that a row belongs to. */
export function shardOf(row: Row, count: number): number {
  const { lr, gt, sr } = row.images
  const hash = (lr ?? gt ?? sr)?.hash ?? '0'
  return Number.parseInt(hash.slice(0, 12), 16) % count
}
