import type { ResultSummary } from '../protocol/messages.ts'
import type { StudyTable, Value } from '../value.ts'

/** A named result in a few numbers, for the results view. */
export function summarise(name: string, cell: string, value: Value): ResultSummary {
  if (value.kind !== 'table') return { name, cell, kind: value.kind, shape: shapeOf(value), columns: [] }
  return {
    name,
    cell,
    kind: 'table',
    shape: shapeOf(value),
    columns: value.columns.map(column => ({ name: column.name, ...extent(value, column.name) })),
    thumb: value.rows.map(({ images }) => (images.sr ?? images.gt ?? images.lr)?.thumb).find(thumb => thumb),
  }
}

function shapeOf(value: Value): string {
  if (value.kind !== 'table') return value.kind === 'json' ? 'value' : value.name
  const images = new Set(value.rows.map(({ id }) => id)).size
  const methods = new Set(value.rows.flatMap(({ method }) => method ?? [])).size
  return `${images} images x ${methods} methods, ${value.columns.length} columns`
}

function extent(
  table: StudyTable,
  column: string,
): { min: number | null; max: number | null; missing: number } {
  let min: number | null = null
  let max: number | null = null
  let missing = 0
  for (const { values } of table.rows) {
    const value = values[column]
    if (typeof value !== 'number') {
      missing++
      continue
    }
    min = min === null ? value : Math.min(min, value)
    max = max === null ? value : Math.max(max, value)
  }
  return { min, max, missing }
}
