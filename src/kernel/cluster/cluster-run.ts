import { MirageError } from '../errors.ts'
import type { CellEvent, RunReply, RunRequest } from '../protocol/messages.ts'
import { planStudy } from '../session/plan.ts'
import type { Language } from '../session/program.ts'
import type { Session } from '../session/session.ts'
import type { Store } from '../store/store.ts'
import { piecesOf } from './pieces.ts'
import { type ClusterProfile, profileFor } from './profile.ts'
import type { Slurm } from './slurm.ts'
import {
  failuresOf,
  follow,
  incomplete,
  latestSubmission,
  type OpenPiece,
  type Submission,
  submit,
  succeededIn,
} from './submission.ts'

export interface ClusterRunOptions {
  slurm: Slurm
  session: Session
  store: Store
  language: Language
  profile: ClusterProfile
  command: string[]
  signal: AbortSignal
  /** Follow the last submission instead of making a new one first. */
  resume: boolean
  /** Return after submitting. */
  detach: boolean
  emit(event: CellEvent): void
  note(text: string): void
}

/**
 * Runs a study's long cells on Slurm and the rest here, once their results are in the shared store: the results are
 * those of a local run. Returns undefined after a detached submission.
 */
export async function runOnCluster(
  request: RunRequest,
  options: ClusterRunOptions,
): Promise<RunReply | undefined> {
  const { session, store, slurm, profile, signal } = options
  const { study } = request
  if (options.resume) {
    const earlier = await latestSubmission(store, study.path)
    if (earlier) {
      options.note(`Following the submission ${earlier.id}.`)
      await followHere(earlier, options)
    }
  }
  // A result that must not be kept (scores without an endpoint, say) leaves no trace in the store but its report.
  const closed = new Set<string>()
  for (let attempt = 0; ; attempt++) {
    const open = await openPieces(request, options, closed)
    if (open.length === 0) break
    const submission = await submit({ slurm, store, study, profile, open, command: options.command })
    const jobs = submission.pieces.map(
      ({ piece, job, shards }) => `${piece.id}=${job}${shards.length ? `[${shards.length}]` : ''}`,
    )
    options.note(`Submitted ${submission.id}: ${jobs.join(' ')}`)
    if (options.detach) return undefined
    const tasks = await followHere(submission, options)
    for (const name of await succeededIn(store, submission)) closed.add(name)
    const still = await openPieces(request, options, closed)
    if (still.length === 0) break
    const reasons = await failuresOf(store, submission, tasks)
    if (attempt >= profile.retries || signal.aborted)
      throw incomplete(reasons.length ? reasons : still.map(({ piece }) => `${piece.id}: no result`))
    for (const reason of reasons) options.note(`Submitting again: ${reason}`)
  }
  return session.run(request)
}

/** Cancels what was submitted last; false when there is nothing. */
export async function cancelOnCluster(store: Store, slurm: Slurm, study: string): Promise<boolean> {
  const submission = await latestSubmission(store, study)
  if (!submission) return false
  await slurm.cancel(submission.pieces.map(({ job }) => job))
  return true
}

async function followHere(submission: Submission, { slurm, store, signal, emit }: ClusterRunOptions) {
  try {
    return await follow({
      slurm,
      store,
      submission,
      signal,
      onProgress: ({ cell, ...progress }) =>
        emit({ run: submission.id, path: submission.study, cell, type: 'progress', ...progress }),
    })
  } catch (error) {
    // Whoever interrupts means the work, not only the watching of it.
    if (signal.aborted) await slurm.cancel(submission.pieces.map(({ job }) => job))
    throw error
  }
}

/** Pieces whose results are not in the store yet, with the shards that are missing. */
async function openPieces(
  request: RunRequest,
  { session, language, profile }: ClusterRunOptions,
  closed: ReadonlySet<string>,
): Promise<OpenPiece[]> {
  const plan = planStudy(request.study.cells, language)
  const broken = plan.cells.find(cell => 'error' in cell && request.cells.includes(cell.id))
  if (broken && 'error' in broken) throw new MirageError(broken.error)
  const pieces = piecesOf(plan, new Set(request.cells), step => language.steps[step]?.granularity ?? 'table')
  const done = await session.finished(request.study)
  const open: OpenPiece[] = []
  for (const piece of pieces) {
    if (done.has(piece.cell)) continue
    if (piece.kind !== 'shards') {
      if (!closed.has(piece.id)) open.push({ piece, shards: [] })
      continue
    }
    const { shards: count } = profileFor(profile, piece.step)
    const missing = await session.missingShards(request.study, piece.cell, count)
    const shards = missing.filter(shard => !closed.has(`${piece.id}.${shard}`))
    if (shards.length > 0) open.push({ piece, shards })
  }
  return open
}
