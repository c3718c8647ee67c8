import type { ColumnInfo, Scalar } from '../../kernel/protocol/mime.ts'
import type { Field, Filter } from './filter.ts'
import type { ShownRow } from './rows.ts'

/** A row that is shown, with its number in the study. */
export interface Entry {
  index: number
  row: ShownRow
}

export interface Group {
  /** Empty where nothing is grouped. */
  label: string
  entries: Entry[]
}

export type GroupBy = '' | 'method' | 'id' | 'tag'

export interface Sorting {
  /** Name of a field; empty for the study's own order. */
  by: string
  descending: boolean
}

/** Everything that rows can be filtered and sorted by. */
export function fieldsOf(
  columns: readonly ColumnInfo[],
  tagsOf: (row: ShownRow) => readonly string[],
): Map<string, Field> {
  return new Map<string, Field>([
    ['id', row => row.id],
    ['method', row => row.method],
    ['tag', tagsOf],
    ...columns.map(({ name }): [string, Field] => [name, row => row.values[name]]),
  ])
}

/** The rows that pass, sorted (missing values last, equal ones in the study's order), in groups. */
export function arrange(
  rows: readonly ShownRow[],
  filter: Filter,
  sorting: Sorting,
  groupBy: GroupBy,
  fields: ReadonlyMap<string, Field>,
): Group[] {
  const entries = rows.flatMap((row, index) => (filter(row) ? [{ index, row }] : []))
  const field = fields.get(sorting.by)
  if (field) {
    const keyed = entries.map(entry => ({ entry, key: sortKey(field(entry.row)) }))
    keyed.sort((a, b) => compareKeys(a.key, b.key, sorting.descending) || a.entry.index - b.entry.index)
    for (const [i, { entry }] of keyed.entries()) entries[i] = entry
  }
  if (groupBy === '') return entries.length > 0 ? [{ label: '', entries }] : []
  const groups = new Map<string, Entry[]>()
  const groupField = fields.get(groupBy)!
  for (const entry of entries) {
    const value = groupField(entry.row)
    const labels = Array.isArray(value) ? value : [value ?? '']
    for (const label of labels.length > 0 ? labels : ['']) {
      const known = groups.get(String(label))
      if (known) known.push(entry)
      else groups.set(String(label), [entry])
    }
  }
  return [...groups]
    .sort(([a], [b]) => Number(a === '') - Number(b === '') || a.localeCompare(b))
    .map(([label, members]) => ({ label: label || `no ${groupBy}`, entries: members }))
}

type Key = number | string | null

function sortKey(value: ReturnType<Field>): Key {
  if (Array.isArray(value)) return value.length > 0 ? value.join(' ') : null
  const scalar = value as Scalar | undefined
  if (scalar === null || scalar === undefined || Number.isNaN(scalar)) return null
  return typeof scalar === 'boolean' ? Number(scalar) : scalar
}

/** Numbers before words, missing values at the end whichever way the rest goes. */
function compareKeys(a: Key, b: Key, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const order =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : typeof a === typeof b
        ? String(a).localeCompare(String(b), undefined, { numeric: true })
        : typeof a === 'number'
          ? -1
          : 1
  return (descending ? -1 : 1) * (Object.is(order, Number.NaN) ? 0 : order)
}
