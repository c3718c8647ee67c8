import type { ColumnInfo, Direction, Scalar, TablePayload } from '../../kernel/protocol/mime.ts'
import { columnDecimals, columnTitle, formatValue } from '../shared/ui/numbers.ts'
import { headingWidth } from './heading.ts'

export type TableRow = Record<string, Scalar>

/** A column as the table shows it: a key of the rows, or a number with its meaning. */
export interface ShownColumn {
  name: string
  info?: ColumnInfo
  direction: Direction
  numeric: boolean
  /** Of its finite numbers. */
  range?: [number, number]
  decimals: number
  /** Width in characters: of its widest number, or of its longest text and its heading up to a limit. */
  characters: number
}

const NARROWEST = 4
const WIDEST = 36

/** The columns of a table, keys first (without those that no row has), with what has to be known of all of their values. */
export function showColumns({ keys, columns, rows }: TablePayload): ShownColumn[] {
  const named = new Map(columns.map(info => [info.name, info]))
  const given = (key: string) => rows.length === 0 || rows.some(row => (row[key] ?? null) !== null)
  const names = [...keys.filter(key => !named.has(key) && given(key)), ...named.keys()]
  return names.map(name => {
    const info = named.get(name)
    const values = rows.map(row => row[name])
    const numbers = values.filter(value => typeof value === 'number')
    const finite = numbers.filter(Number.isFinite)
    const decimals = columnDecimals(numbers)
    const numeric =
      info !== undefined || (numbers.length > 0 && values.every(value => typeof value !== 'string'))
    const range: [number, number] = [
      finite.reduce((a, b) => Math.min(a, b), Infinity),
      finite.reduce((a, b) => Math.max(a, b), -Infinity),
    ]
    // Two for the sign of the order.
    const heading = 2 + headingWidth(info ? columnTitle(info) : name)
    // Numbers are never cut: a part of one is another number.
    const widest = values.reduce<number>(
      (most, value) => Math.max(most, formatValue(value, numeric ? decimals : undefined).length),
      NARROWEST,
    )
    return {
      name,
      info,
      direction: info?.direction ?? 'none',
      numeric,
      range: finite.length > 0 ? range : undefined,
      decimals,
      characters: Math.max(heading, numeric ? widest + 1 : Math.min(WIDEST, widest)),
    }
  })
}

/** How good a value is among its column's, 0 (worst) to 1 (best); undefined where nothing is better than another. */
export function goodness(column: ShownColumn, value: Scalar | undefined): number | undefined {
  const { range, direction } = column
  if (direction === 'none' || !range || range[0] === range[1]) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  const share = (value - range[0]) / (range[1] - range[0])
  return direction === 'higher' ? share : 1 - share
}

/** Rows by a column, missing and not-a-number last whichever way the rest goes; equal rows keep their order. */
export function sortRows(rows: readonly TableRow[], by: string | undefined, descending: boolean): TableRow[] {
  if (by === undefined) return [...rows]
  const missing = (value: Scalar | undefined) => value === null || value === undefined || Number.isNaN(value)
  return rows.toSorted((first, second) => {
    const a = first[by]
    const b = second[by]
    if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b))
    const order =
      typeof a === 'number' && typeof b === 'number'
        ? a === b
          ? 0
          : a - b
        : String(a).localeCompare(String(b), undefined, { numeric: true })
    return descending ? -order : order
  })
}
