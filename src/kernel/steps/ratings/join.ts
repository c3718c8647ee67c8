import { basename, extname } from 'node:path'
import { MirageError, nearest } from '../../errors.ts'
import type { Row, StudyTable } from '../../value.ts'
import type { RatedColumn, RatingsParams } from './params.ts'
import type { TableRecord } from './records.ts'

export interface Rating {
  /** Empty without a column of raters. */
  rater: string
  value: number
  line: number
}

/** What is in the file and not in the table, or the other way round. */
export interface Mismatch {
  where: 'file' | 'table'
  id: string
  method: string | null
  reason: string
  /** Lines of the file. */
  lines: number
}

export interface Joined {
  /** By column of the file: the ratings of each row of the table. */
  ratings: Record<string, Rating[][]>
  mismatches: Mismatch[]
}

/**
 * Finds the row of each record by image and method, and by seed where the table has several of a method. An id matches
 * with or without folder and image extension. Nothing is dropped in silence: what has no partner is listed.
 *
 * @throws MirageError `column-unknown`, `rating-malformed` with the line
 */
export function joinRecords(
  table: StudyTable,
  records: readonly TableRecord[],
  params: RatingsParams,
): Joined {
  requireColumns(records, params)
  const methods = [...new Set(table.rows.map(row => row.method))]
  const only = methods.length === 1 ? methods[0] : undefined
  const rowsOf = Map.groupBy(
    table.rows.map((row, index) => ({ row, index })),
    ({ row }) => key(row.id, row.method),
  )
  const ids = new Set(table.rows.map(row => row.id))
  const ratings = Object.fromEntries(
    Object.keys(params.values).map(name => [name, table.rows.map((): Rating[] => [])]),
  )
  const strays = new Map<string, Mismatch>()
  for (const { line, fields } of records) {
    const id = idOf(String(fields[params.id] ?? ''), ids)
    const named = fields[params.method]
    const method = named === undefined && only !== undefined ? only : renamed(String(named ?? ''), params)
    const found = ofSeed(rowsOf.get(key(id, method)) ?? [], fields.seed)
    if ('reason' in found) {
      const why = ids.has(id) ? found.reason : 'the table has no such image'
      const stray = strays.get(key(id, method)) ?? { where: 'file', id, method, reason: why, lines: 0 }
      stray.lines++
      strays.set(key(id, method), stray)
      continue
    }
    for (const [name, column] of Object.entries(params.values)) {
      const value = numberOf(fields[name], name, column, line, params.from)
      if (value === null) continue
      const rater = params.rater === undefined ? '' : String(fields[params.rater] ?? '')
      ratings[name][found.index].push({ rater, value, line })
    }
  }
  const unrated = table.rows.flatMap(({ id, method }, index): Mismatch[] => {
    const without = Object.keys(params.values).filter(name => ratings[name][index].length === 0)
    if (without.length === 0) return []
    return [{ where: 'table', id, method, reason: `the file has no ${without.join(', ')} for it`, lines: 0 }]
  })
  return { ratings, mismatches: [...strays.values(), ...unrated] }
}

interface Numbered {
  row: Row
  index: number
}

/** The one row that a record of an image and method means: a rating of one sample says nothing of the others. */
function ofSeed(rows: readonly Numbered[], seed: unknown): Numbered | { reason: string } {
  const said = seed === undefined || seed === null || seed === '' ? undefined : Number(seed)
  if (rows.length === 0) return { reason: 'the table has this image, not by this method' }
  if (said === undefined) {
    if (rows.length === 1) return rows[0]
    return {
      reason: `the table has ${rows.length} seeds of it, and the file does not say which (column \`seed\`)`,
    }
  }
  const own = rows.find(({ row }) => row.seed === said)
  // A file may number the samples of a method that the table has one image of.
  if (own || (rows.length === 1 && rows[0].row.seed === undefined)) return own ?? rows[0]
  return { reason: `the table has no seed ${said} of it` }
}

const key = (id: string, method: string | null) => JSON.stringify([id, method])

const renamed = (method: string, { methods }: RatingsParams) => methods[method] ?? method

function idOf(written: string, ids: ReadonlySet<string>): string {
  if (ids.has(written)) return written
  const name = basename(written.replaceAll('\\', '/'))
  const stem = basename(name, extname(name))
  return ids.has(name) ? name : ids.has(stem) ? stem : written
}

function requireColumns(records: readonly TableRecord[], params: RatingsParams): void {
  const known = [...new Set(records.flatMap(({ fields }) => Object.keys(fields)))]
  const wanted = [
    params.id,
    ...(params.rater === undefined ? [] : [params.rater]),
    ...Object.keys(params.values),
  ]
  for (const name of wanted) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    throw new MirageError({
      code: 'column-unknown',
      message: `${params.from} has no column "${name}".${near ? ` Did you mean "${near}"?` : ''}`,
      remedy: known.length > 0 ? `It has: ${known.join(', ')}.` : 'The file holds no rows.',
    })
  }
}

const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '-'])

function numberOf(
  written: unknown,
  name: string,
  { range, flip }: RatedColumn,
  line: number,
  file: string,
): number | null {
  if (written === null || written === undefined) return null
  if (typeof written === 'string' && MISSING.has(written.trim().toLowerCase())) return null
  const value = typeof written === 'boolean' ? Number.NaN : Number(written)
  const malformed = (why: string, remedy: string) =>
    new MirageError({
      code: 'rating-malformed',
      message: `Line ${line} of ${file}: ${name} is ${why}.`,
      remedy,
    })
  if (!Number.isFinite(value))
    throw malformed(
      `${JSON.stringify(written)}, not a number`,
      'Leave the field empty where there is no rating.',
    )
  if (range && (value < range[0] || value > range[1]))
    throw malformed(
      `${value}, outside ${range[0]} to ${range[1]}`,
      'Correct the file or the declared `range`.',
    )
  return flip && range ? range[0] + range[1] - value : value
}
