import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { csvField } from '../csv.ts'
import { MirageError } from '../errors.ts'
import type { RateAnswer } from '../protocol/mime.ts'
import type { Store } from '../store/store.ts'

/** A pair as the kernel knows it; renderers are given its key alone. */
export interface BlindPair {
  id: string
  method: string
  /** Of a method with noise. */
  seed?: number
  /** What a rater who looks must answer, for a trap. */
  expected?: number
}

/** What a `rate` cell asks, kept in the store so that answers find their pair. */
export interface RatingSession {
  /** File of the answers, relative to the study. */
  to: string
  /** Highest rating; the lowest is 1. */
  top: number
  pairs: Record<string, BlindPair>
}

/** One row of the file: one look of one rater. */
export interface RatingRow {
  id: string
  method: string
  /** Of a method with noise. */
  seed?: number
  rater: string
  rating: number
  seconds: number
  /** ISO 8601. */
  at: string
}

/** Columns of the file of answers; with seeds it has `seed` besides, and that of traps `expected`. */
const COLUMNS = ['id', 'method', 'rater', 'rating', 'seconds', 'at'] as const
const SPACE = 'rating-session'
const LONGEST_NAME = 60

export function keepSession(store: Store, session: string, value: RatingSession): Promise<void> {
  return store.putRecord(SPACE, session, value)
}

/** @throws MirageError `session-unknown` where the cell did not run over this store */
export async function openCollection(store: Store, session: string, folder: string): Promise<Collection> {
  const known = await store.getRecord<RatingSession>(SPACE, session)
  if (known) return new Collection(known, folder)
  throw new MirageError({
    code: 'session-unknown',
    message: 'The pairs of this cell are not known here.',
    remedy: 'Run the cell again; answers that were given are kept in its file.',
  })
}

/**
 * The answers of a `rate` cell. They live in a CSV file, a row per rater and pair, which is rewritten whole at every answer:
 * it is small, and a reader or a crash never sees half of it. Answers to traps lie in a file beside it (`NAME.traps.csv`),
 * so that nothing has to be taken out before the ratings are used.
 */
export class Collection {
  readonly #session: RatingSession
  readonly #folder: string

  constructor(session: RatingSession, folder: string) {
    this.#session = session
    this.#folder = folder
  }

  /** Answers of all raters, without those to traps. */
  rows(): RatingRow[] {
    return readRows(this.#path(false), this.#session.to)
  }

  trapRows(): RatingRow[] {
    return readRows(this.#path(true), trapsFile(this.#session.to))
  }

  /** What a rater answered, by key of the pair. */
  ratingsOf(rater: string): Record<string, number> {
    const name = nameOf(rater)
    const given = new Map(
      [...this.rows(), ...this.trapRows()]
        .filter(row => row.rater === name)
        .map(row => [pairKey(row), row.rating]),
    )
    return Object.fromEntries(
      Object.entries(this.#session.pairs).flatMap(([key, pair]) => {
        const rating = given.get(pairKey(pair))
        return rating === undefined ? [] : [[key, rating]]
      }),
    )
  }

  /**
   * Keeps one answer; a later one of the same rater to the same pair takes its place.
   *
   * @throws MirageError `pair-unknown`, `rating-malformed`, `rater-missing`
   */
  keep(rater: string, { pair: key, rating, seconds }: RateAnswer): void {
    const name = nameOf(rater)
    const { pairs, top } = this.#session
    const pair = Object.hasOwn(pairs, key) ? pairs[key] : undefined
    if (!pair) {
      throw new MirageError({
        code: 'pair-unknown',
        message: 'This pair does not belong to the cell as it last ran.',
        remedy: 'Run the cell again.',
      })
    }
    if (!Number.isInteger(rating) || rating < 1 || rating > top) {
      throw new MirageError({ code: 'rating-malformed', message: `A rating is 1 to ${top}, not ${rating}.` })
    }
    const isTrap = pair.expected !== undefined
    const row: RatingRow = {
      id: pair.id,
      method: pair.method,
      ...(pair.seed !== undefined && { seed: pair.seed }),
      rater: name,
      rating,
      seconds: Math.round(seconds * 10) / 10,
      at: new Date().toISOString(),
    }
    const others = (isTrap ? this.trapRows() : this.rows()).filter(
      other => other.rater !== name || pairKey(other) !== pairKey(pair),
    )
    this.#write(isTrap, [...others, row])
  }

  /** Makes an empty file where there is none, so that what reads it says that nobody has rated yet. */
  begin(): void {
    if (!existsSync(this.#path(false))) this.#write(false, [])
  }

  #write(traps: boolean, rows: readonly RatingRow[]): void {
    const expected = new Map(Object.values(this.#session.pairs).map(pair => [pairKey(pair), pair.expected]))
    const columns = rows.some(({ seed }) => seed !== undefined) ? ([...COLUMNS, 'seed'] as const) : COLUMNS
    const header = traps ? [...columns, 'expected'] : columns
    const lines = rows.map(row => {
      const fields = columns.map(name => row[name] ?? null)
      return traps ? [...fields, expected.get(pairKey(row)) ?? null] : fields
    })
    const text = [[...header], ...lines].map(fields => `${fields.map(csvField).join(',')}\n`).join('')
    const path = this.#path(traps)
    mkdirSync(dirname(path), { recursive: true })
    const temporary = `${path}.${process.pid}.tmp`
    writeFileSync(temporary, text)
    renameSync(temporary, path)
  }

  #path(traps: boolean): string {
    const { to } = this.#session
    return resolve(this.#folder, traps ? trapsFile(to) : to)
  }
}

export const trapsFile = (to: string) => `${to.slice(0, to.length - extname(to).length)}.traps.csv`

const pairKey = ({ id, method }: { id: string; method: string }) => JSON.stringify([id, method])

/** @throws MirageError `rater-missing` */
function nameOf(rater: string): string {
  const name = rater.trim().replace(/\s+/g, ' ')
  if (name !== '' && name.length <= LONGEST_NAME) return name
  throw new MirageError({
    code: 'rater-missing',
    message: `A rater has a name of 1 to ${LONGEST_NAME} characters.`,
    remedy: 'A pseudonym will do; it tells raters apart and finds their answers again.',
  })
}

/** @throws MirageError `table-unreadable` with the line, rather than lose what somebody rated */
function readRows(path: string, name: string): RatingRow[] {
  if (!existsSync(path)) return []
  const unreadable = (why: string, cause?: unknown) =>
    new MirageError(
      {
        code: 'table-unreadable',
        message: `${name} holds answers that can't be read: ${why}`,
        remedy: 'Correct the file, or move it away to begin anew. It was left as it is.',
      },
      { cause },
    )
  let records: { record: Record<string, string>; info: { lines: number } }[]
  try {
    records = parse(readFileSync(path, 'utf8'), { columns: true, bom: true, info: true }) as never
  } catch (error) {
    throw unreadable((error as Error).message, error)
  }
  return records.map(({ record, info }) => {
    const { id, method, rater, at } = record
    const [rating, seconds] = [Number(record.rating), Number(record.seconds)]
    const isWhole = [id, method, rater, at, record.seconds].every(field => field !== undefined)
    if (!isWhole || !Number.isInteger(rating) || rating < 1 || !Number.isFinite(seconds))
      throw unreadable(`line ${info.lines} is no rating (${COLUMNS.join(', ')}).`)
    return { id, method, ...(record.seed && { seed: Number(record.seed) }), rater, rating, seconds, at }
  })
}
