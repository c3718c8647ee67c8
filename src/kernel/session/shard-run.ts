import type { ErrorInfo } from '../errors.ts'
import type { RunReply, RunRequest } from '../protocol/messages.ts'
import type { RowFailure } from '../step.ts'
import type { Session } from './session.ts'
import type { Shard } from './shard.ts'

/** Rows that could not be worked on, and why. */
export interface ShardFailure {
  /** Image ids. */
  rows: string[]
  error: ErrorInfo
}

/** Runs one cell over one shard, whose image ids are returned beside the reply. One without rows has nothing to do. */
export async function runShard(
  session: Session,
  request: RunRequest,
  shard: Shard,
): Promise<{ reply: RunReply; rows: string[] }> {
  const [cell] = request.cells
  const rows = await session.idsOf(request.study, cell, shard)
  if (rows?.length === 0) return { reply: { run: '', succeeded: [cell], failed: [], cancelled: [] }, rows }
  return { reply: await session.run(request), rows: rows ?? [] }
}

/** Failed rows by what went wrong. */
export function byReason(failed: readonly RowFailure[]): ShardFailure[] {
  const groups = Map.groupBy(failed, ({ error }) => error.message)
  return [...groups.values()].map(group => ({
    rows: [...new Set(group.map(({ id }) => id))],
    error: group[0].error,
  }))
}
