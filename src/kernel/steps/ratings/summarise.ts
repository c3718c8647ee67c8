import type { ColumnInfo } from '../../protocol/mime.ts'
import { type Icc, icc } from '../../stats/agreement/icc.ts'
import { krippendorff } from '../../stats/agreement/krippendorff.ts'
import { tAt } from '../../stats/distributions.ts'
import type { Row, StudyTable } from '../../value.ts'
import type { Joined, Rating } from './join.ts'
import type { RatedColumn, RatingsParams } from './params.ts'

/** Mean of a row over raters (or over repeated lines), with what is known of its spread. */
export interface RowRating {
  mean: number
  n: number
  sd: number | null
  /** 95 % interval of the mean by Student's t. */
  interval: [number, number] | null
}

/** The ratings of a row; a rater who rated it more than once counts once, with the mean. */
export function rowRating(ratings: readonly Rating[]): RowRating | undefined {
  const values = [...perRater(ratings).values()]
  const n = values.length
  if (n === 0) return undefined
  const mean = average(values)
  if (n === 1) return { mean, n, sd: null, interval: null }
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  const half = (tAt(0.975, n - 1) * sd) / Math.sqrt(n)
  return { mean, n, sd, interval: [mean - half, mean + half] }
}

/** One value per rater; lines without a rater stand for themselves. */
function perRater(ratings: readonly Rating[]): Map<string, number> {
  const byRater = Map.groupBy(ratings, ({ rater, line }) =>
    rater === '' ? `line ${line}` : `rater ${rater}`,
  )
  return new Map([...byRater].map(([rater, own]) => [rater, average(own.map(({ value }) => value))]))
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

export interface RaterAgreement {
  raters: number
  ratings: number
  /** Rows with two raters or more. */
  rows: number
  alpha?: number
  /** Over rows that every rater rated; absent where there are fewer than two of them. */
  icc?: Icc
}

/** How far raters agree. Undefined without a column of raters or with a single one. */
export function raterAgreement(
  rows: readonly Rating[][],
  { level }: RatedColumn,
): RaterAgreement | undefined {
  const byRow = rows.map(perRater)
  const raters = [
    ...new Set(rows.flatMap(row => row.flatMap(({ rater }) => (rater === '' ? [] : `rater ${rater}`)))),
  ]
  if (raters.length < 2) return undefined
  const units = byRow.map(values => [...values.values()])
  const complete = byRow.filter(values => raters.every(rater => values.has(rater)))
  return {
    raters: raters.length,
    ratings: rows.flat().length,
    rows: units.filter(values => values.length >= 2).length,
    alpha: krippendorff(units, level),
    icc: icc(complete.map(values => raters.map(rater => values.get(rater)!))),
  }
}

/** The table with the joined columns: NAME, and NAME_sd, NAME_n, NAME_low, NAME_high where rows have several ratings. */
export function withRatings(
  table: StudyTable,
  { ratings }: Joined,
  params: RatingsParams,
  hash: string,
): StudyTable {
  const parts = Object.entries(params.values).map(([column, settings]) => {
    const summaries = ratings[column].map(rowRating)
    return {
      name: settings.as ?? column,
      column,
      settings,
      summaries,
      several: summaries.some(s => s && s.n > 1),
    }
  })
  const rows = table.rows.map((row, index): Row => {
    const values = { ...row.values }
    const missing: Record<string, string> = { ...row.missing }
    for (const { name, summaries, several } of parts) {
      const summary = summaries[index]
      const entries = {
        [name]: summary?.mean ?? null,
        ...(several && {
          [`${name}_sd`]: summary?.sd ?? null,
          [`${name}_n`]: summary?.n ?? 0,
          [`${name}_low`]: summary?.interval?.[0] ?? null,
          [`${name}_high`]: summary?.interval?.[1] ?? null,
        }),
      }
      Object.assign(values, entries)
      for (const [key, value] of Object.entries(entries))
        if (value === null)
          missing[key] = summary ? 'there is one rating only' : `${params.from} has no rating of it`
    }
    return { ...row, values, ...(Object.keys(missing).length > 0 && { missing }) }
  })
  const added = parts.flatMap(({ name, column, settings, several }) =>
    columnsOf(name, column, settings, several, params, hash),
  )
  const names = new Set(added.map(column => column.name))
  return { ...table, columns: [...table.columns.filter(column => !names.has(column.name)), ...added], rows }
}

const OPPOSITE = { higher: 'lower', lower: 'higher', none: 'none' } as const

function columnsOf(
  name: string,
  column: string,
  { direction, range, flip, label, source }: RatedColumn,
  several: boolean,
  { from, rater }: RatingsParams,
  hash: string,
): ColumnInfo[] {
  const settings = { file: from, sha256: hash, column, flipped: flip, rater: rater ?? null }
  const shared = { settings, version: hash.slice(0, 12), source: source ?? from }
  const facing = flip ? OPPOSITE[direction] : direction
  const main: ColumnInfo = {
    name,
    label: label ?? (several ? `${column} (mean of ratings)` : column),
    direction: facing,
    ...(range && { range }),
    ...shared,
  }
  if (!several) return [main]
  const beside = (end: string, what: string): ColumnInfo => ({
    name: `${name}_${end}`,
    label: what,
    direction: 'none',
    ...shared,
  })
  return [
    main,
    beside('sd', 'standard deviation over raters'),
    beside('n', 'number of raters'),
    beside('low', '95 % interval of the mean (t), low'),
    beside('high', '95 % interval of the mean (t), high'),
  ]
}
