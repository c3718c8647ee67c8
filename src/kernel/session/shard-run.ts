import type { ErrorInfo } from '../errors.ts'
import type { CellEvent, RunReply, RunRequest } from '../protocol/messages.ts'
import type { Session } from './session.ts'
import type { Shard } from './shard.ts'

/** Rows that could not be worked on, and why. */
export interface ShardFailure {
  /** Image ids. */
  rows: string[]
  error: ErrorInfo
}

export interface ShardSession {
  session: Session
  /** Error of the run's failed cell, as its events told it. */
  errorOf(run: string): ErrorInfo | undefined
}

/** Times that a shard is halved while every part fails in the same words. */
const LEVELS_ALIKE = 3

/**
 * Runs one cell over one shard. When that fails, the shard is halved until the rows that cannot be worked on are found,
 * so that one bad image costs nobody else's result. When three halvings in a row end in the same words everywhere, the
 * failure belongs to no row (a missing model, a full disk) and is not looked for any further.
 */
export async function runShard(
  { session, errorOf }: ShardSession,
  request: RunRequest,
  shard: Shard,
): Promise<{ reply: RunReply; failures: ShardFailure[] }> {
  const [cell] = request.cells
  const attempt = async (part: Shard) => {
    const reply = await session.run({ ...request, options: { ...request.options, shard: part } })
    return { reply, error: reply.failed.length ? errorOf(reply.run) : undefined }
  }
  const idsOf = (part: Shard) => session.idsOf(request.study, cell, part)

  async function search(part: Shard, known: ErrorInfo, alike: number): Promise<ShardFailure[]> {
    const rows = (await idsOf(part)) ?? []
    // Images of one content never part.
    if (rows.length <= 1 || alike >= LEVELS_ALIKE || part.count >= 2 ** 40) return [{ rows, error: known }]
    const halves: Shard[] = []
    for (const index of [part.index, part.index + part.count]) {
      const half = { index, count: part.count * 2 }
      if ((await idsOf(half))?.length !== 0) halves.push(half)
    }
    if (halves.length === 1) return search(halves[0], known, alike)
    const errors: (ErrorInfo | undefined)[] = []
    for (const half of halves) errors.push((await attempt(half)).error)
    const same = errors.every(error => error?.message === known.message)
    const found: ShardFailure[] = []
    for (const [n, error] of errors.entries())
      if (error) found.push(...(await search(halves[n], error, same ? alike + 1 : 0)))
    // When no half failed alone, the failure was of the moment, and all rows are done now.
    return found
  }

  if ((await idsOf(shard))?.length === 0) return { reply: nothingToDo(cell), failures: [] }
  const { reply, error } = await attempt(shard)
  if (!error) return { reply, failures: [] }
  const failures = await search(shard, error, 0)
  return { reply: failures.length ? reply : { ...reply, failed: [], succeeded: [cell] }, failures }
}

const nothingToDo = (cell: string): RunReply => ({ run: '', succeeded: [cell], failed: [], cancelled: [] })

/** Remembers the error of each run from its events. */
export function errorsByRun(): {
  listen(event: CellEvent): void
  errorOf(run: string): ErrorInfo | undefined
} {
  const errors = new Map<string, ErrorInfo>()
  return {
    listen(event) {
      if (event.type === 'ended' && event.outcome.kind === 'failed')
        errors.set(event.run, event.outcome.error)
    },
    errorOf: run => errors.get(run),
  }
}
