import type { Output } from '../../protocol/messages.ts'
import { type ColumnInfo, MIME, type Scalar, type TablePayload } from '../../protocol/mime.ts'
import type { Row, StudyTable } from '../../value.ts'

/** Means by method, as a table and as text. */
export function metricsOutput(table: StudyTable, columns: ColumnInfo[]): Output {
  const names = columns.map(({ name }) => name)
  const notes = [
    `Means over ${table.rows.length} rows (${new Set(table.rows.map(({ id }) => id)).size} images); n counts rows.`,
    ...names.flatMap(name => missingNote(table.rows, name)),
  ]
  const rows = [...Map.groupBy(table.rows, ({ method }) => method)].map(([method, group]) => ({
    method: method ?? '(no SR)',
    n: group.length,
    ...Object.fromEntries(names.map(name => [name, mean(group, name)])),
  }))
  const payload: TablePayload = { caption: 'Metrics', columns, keys: ['method', 'n'], rows, notes }
  const text = [...aligned(['method', 'n', ...names], rows), '', ...notes].join('\n')
  return {
    id: 'metrics',
    items: [
      { mime: MIME.table, json: payload },
      { mime: 'text/plain', text },
    ],
  }
}

/** Mean of the values that are there; null where there is none. */
function mean(rows: readonly Row[], name: string): number | null {
  const values = rows.map(row => row.values[name]).filter(value => typeof value === 'number')
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null
}

function missingNote(rows: readonly Row[], name: string): string[] {
  const without = rows.filter(row => row.values[name] === null)
  if (without.length === 0) return []
  const reasons = Map.groupBy(without, row => row.missing?.[name] ?? 'no reason given')
  const parts = [...reasons].map(([reason, group]) => {
    const ids = [...new Set(group.map(({ id }) => id))]
    return `${reason} (${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''})`
  })
  return [
    `${name}: ${without.length} of ${rows.length} values are missing and not in the mean: ${parts.join('; ')}.`,
  ]
}

function aligned(names: string[], rows: Record<string, Scalar>[]): string[] {
  const cells = [names, ...rows.map(row => names.map(name => shown(row[name])))]
  const widths = names.map((_, i) => Math.max(...cells.map(line => line[i].length)))
  return cells.map(line =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  )
}

function shown(value: Scalar): string {
  if (value === null) return '-'
  return typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(5) : String(value)
}
