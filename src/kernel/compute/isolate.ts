import { type ErrorInfo, infoOf } from '../errors.ts'

/** What stands for a row that a job could not work on. */
export interface FailedRow {
  failed: ErrorInfo
}

export const isFailed = (result: unknown): result is FailedRow =>
  typeof result === 'object' && result !== null && 'failed' in result

/** Failures that belong to no row, whichever rows they came with: the cache was cleared under the study. */
const OF_NO_ROW = new Set(['object-missing'])

/** Up to so many rows, the ones that fail are found by trying; for more it is asked first whether all of them do. */
const FEW = 16

/**
 * Works on rows together. When that fails, the rows are halved until the ones that fail by themselves are found, so that
 * one bad image costs nobody else's result. A failure that the first, the middle and the last row share belongs to no
 * row (a missing program, a full disk) and is thrown.
 *
 * @param run works on some rows; `done` are those that were worked on before
 * @returns results in the order of the rows
 * @throws what `run` throws once `signal` has aborted, and a failure that belongs to no row
 */
export async function isolate<T extends object, R>(
  rows: readonly T[],
  signal: AbortSignal,
  run: (rows: T[], done: T[]) => Promise<R[]>,
): Promise<(R | FailedRow)[]> {
  const results = new Map<T, R | FailedRow>()

  /** Undefined when it went well. A row that fails alone is remembered with its failure. */
  async function attempt(part: T[]): Promise<{ error: unknown } | undefined> {
    try {
      const made = await run(part, [...results.keys()])
      for (const [i, row] of part.entries()) results.set(row, made[i])
      return undefined
    } catch (error) {
      if (signal.aborted || OF_NO_ROW.has(infoOf(error).code)) throw error
      if (part.length === 1) results.set(part[0], { failed: infoOf(error) })
      return { error }
    }
  }

  async function failsAlike(part: T[]): Promise<boolean> {
    let first: ErrorInfo | undefined
    for (const row of [part[0], part[part.length >> 1], part.at(-1)!]) {
      if (!results.has(row)) await attempt([row])
      const result = results.get(row)
      if (!isFailed(result)) return false
      first ??= result.failed
      if (result.failed.code !== first.code) return false
    }
    return true
  }

  async function work(part: readonly T[], all: boolean): Promise<void> {
    const open = part.filter(row => !results.has(row))
    if (open.length === 0) return
    const failure = await attempt(open)
    if (!failure || open.length === 1) return
    if (open.length > (all ? 3 : FEW) && (await failsAlike(open))) throw failure.error
    const middle = open.length >> 1
    await work(open.slice(0, middle), false)
    await work(open.slice(middle), false)
  }

  await work(rows, true)
  return rows.map(row => results.get(row)!)
}
