import { MirageError, nearest } from '../errors.ts'
import type { ColumnInfo } from '../protocol/mime.ts'
import type { Column } from '../stats/analysis/sample.ts'
import type { StudyTable } from '../value.ts'

/** One word or several, as people write lists of columns. */
export const listOf = (value: string | readonly string[] | undefined): string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : [...value]

/** A column's numbers by row, NaN where there is none. @throws MirageError `column-unknown`, `column-not-numeric` */
export function numberColumn(table: StudyTable, name: string): Column {
  const known = table.columns.map(column => column.name)
  if (!known.includes(name)) {
    const near = nearest(name, known)
    throw new MirageError({
      code: 'column-unknown',
      message: `The table has no column "${name}".${near ? ` Did you mean "${near}"?` : ''}`,
      remedy:
        known.length > 0
          ? `It has: ${known.join(', ')}.`
          : 'It has no columns yet; measure or score it first.',
    })
  }
  const other = table.rows.find(
    row => !['number', 'undefined'].includes(typeof (row.values[name] ?? undefined)),
  )
  if (other) {
    throw new MirageError({
      code: 'column-not-numeric',
      message: `Column "${name}" holds ${JSON.stringify(other.values[name])} (${other.id}), not numbers.`,
      remedy: `Columns with numbers: ${numericColumns(table).join(', ') || 'none'}.`,
    })
  }
  return { name, values: Float64Array.from(table.rows, row => Number(row.values[name] ?? Number.NaN)) }
}

/** Columns that hold a number in some row and nothing but numbers. */
export function numericColumns(table: StudyTable): string[] {
  return table.columns
    .map(({ name }) => name)
    .filter(name => {
      const values = table.rows
        .map(row => row.values[name])
        .filter(value => value !== null && value !== undefined)
      return values.length > 0 && values.every(value => typeof value === 'number')
    })
}

export function columnInfo(table: StudyTable, name: string): ColumnInfo {
  return table.columns.find(column => column.name === name)!
}

/** @throws MirageError `method-unknown` when a group names a method that the table does not have */
export function requireMethods(table: StudyTable, groups: Readonly<Record<string, readonly string[]>>): void {
  const known = new Set(table.rows.flatMap(row => row.method ?? []))
  for (const [group, members] of Object.entries(groups)) {
    const unknown = members.find(method => !known.has(method))
    if (unknown === undefined) continue
    throw new MirageError({
      code: 'method-unknown',
      message: `Group "${group}" names the method "${unknown}", which the table does not have.`,
      remedy: `It has: ${[...known].join(', ') || 'no methods'}.`,
    })
  }
}

/** What is said of a column that was estimated and not judged: how good it is. Undefined for any other. */
export function estimateOf(table: StudyTable, name: string): string | undefined {
  const { estimate } = columnInfo(table, name).settings
  return typeof estimate === 'string' ? estimate : undefined
}

/** A column's name, with the word `estimate` where it is one. */
export const namedColumn = (table: StudyTable, name: string): string =>
  estimateOf(table, name) === undefined ? name : `${name} (estimate)`
