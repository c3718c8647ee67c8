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

/**
 * Runs one cell over one shard. When that fails, the shard is halved until the rows that cannot be worked on are found,
 * so that one bad image costs nobody else's result. A failure that both halves share in the same words belongs to no
 * row and is not looked for any further.
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

  async function search(part: Shard, known: ErrorInfo): Promise<ShardFailure[]> {
    const rows = await session.idsOf(request.study, cell, part)
    const halves = [part, { index: part.index + part.count, count: part.count * 2 }].map(({ index }) => ({
      index,
      count: part.count * 2,
    }))
    if (rows.length <= 1 || part.count > 2 ** 30) return [{ rows, error: known }]
    const errors: (ErrorInfo | undefined)[] = []
    for (const half of halves) errors.push((await attempt(half)).error)
    const [first, second] = errors
    if (first && second && first.message === second.message) return [{ rows, error: known }]
    const found: ShardFailure[] = []
    for (const [n, error] of errors.entries()) if (error) found.push(...(await search(halves[n], error)))
    // Each half alone succeeded: the failure was of the moment, and its rows are done now.
    return found
  }

  const { reply, error } = await attempt(shard)
  if (!error) return { reply, failures: [] }
  const failures = await search(shard, error)
  return { reply: failures.length ? reply : { ...reply, failed: [], succeeded: [cell] }, failures }
}

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
