import { parquetWriteBuffer } from 'hyparquet-writer'
import { csvField } from '../csv.ts'
import type { Scalar } from '../protocol/mime.ts'
import type { Row, StudyTable } from '../value.ts'

/** Writers of study tables by file extension. */
export const FORMATS: Record<string, (table: StudyTable) => Uint8Array> = {
  '.csv': table => utf8(toCsv(table)),
  '.jsonl': table => utf8(toJsonLines(table)),
  '.parquet': toParquet,
}

const utf8 = (text: string) => new TextEncoder().encode(text)

/** What stands before the numbers. `id` and `method` always do; the others where any row has them. */
const KEYS: Record<string, (row: Row) => Scalar> = {
  id: ({ id }) => id,
  method: ({ method }) => method,
  seed: ({ seed }) => seed ?? null,
  tags: ({ tags = [] }) => (tags.length > 0 ? tags.join('; ') : null),
}
const ALWAYS = ['id', 'method']

function keysOf({ rows }: StudyTable): string[] {
  return Object.keys(KEYS).filter(key => ALWAYS.includes(key) || rows.some(row => KEYS[key](row) !== null))
}

const cellOf = (row: Row, name: string): Scalar =>
  Object.hasOwn(KEYS, name) ? KEYS[name](row) : (row.values[name] ?? null)

function namesOf(table: StudyTable): string[] {
  return [...keysOf(table), ...table.columns.map(({ name }) => name)]
}

/** RFC 4180 with `\n` line ends; a missing value is an empty field. Numbers are written so that they read back equal. */
export function toCsv(table: StudyTable): string {
  const names = namesOf(table)
  const lines = table.rows.map(row => names.map(name => csvField(cellOf(row, name))).join(','))
  return `${[names.map(csvField).join(','), ...lines].join('\n')}\n`
}

export function toJsonLines(table: StudyTable): string {
  const names = namesOf(table)
  return table.rows
    .map(row => `${JSON.stringify(Object.fromEntries(names.map(name => [name, cellOf(row, name)])))}\n`)
    .join('')
}

function toParquet(table: StudyTable): Uint8Array {
  const columnData = namesOf(table).map(name => {
    const data = table.rows.map(row => cellOf(row, name))
    const numeric = data.every(value => value === null || typeof value === 'number')
    const boolean = !numeric && data.every(value => value === null || typeof value === 'boolean')
    if (numeric) return { name, data, type: 'DOUBLE' as const, nullable: true }
    if (boolean) return { name, data, type: 'BOOLEAN' as const, nullable: true }
    const strings = data.map(value => (value === null ? null : String(value)))
    return { name, data: strings, type: 'STRING' as const, nullable: true }
  })
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}
