import { MirageError } from '../errors.ts'
import type { CellEvent, RunReply, RunRequest } from '../protocol/messages.ts'
import { planStudy } from '../session/plan.ts'
import type { Language } from '../session/program.ts'
import type { Session } from '../session/session.ts'
import type { Store } from '../store/store.ts'
import { type OpenPiece, piecesOf, shardCount } from './pieces.ts'
import { type ClusterProfile, profileFor } from './profile.ts'
import type { Slurm, SlurmTask } from './slurm.ts'
import {
  activeTasks,
  follow,
  latestSubmission,
  type Submission,
  submit,
  submittedStudy,
  succeededIn,
} from './submission.ts'
import {
  describeUnfinished,
  goneWithout,
  incomplete,
  keepUnfinished,
  type Unfinished,
  unfinishedOf,
} from './unfinished.ts'

export interface ClusterRunOptions {
  slurm: Slurm
  session: Session
  store: Store
  language: Language
  profile: ClusterProfile
  /** What starts Mirage on a node, as a shell reads it. */
  command: string
  signal: AbortSignal
  /** Follow the last submission first, also where it has ended: what it left is told. */
  resume: boolean
  /** Return after submitting. */
  detach: boolean
  /** Names this run in its events, those of its last part on this machine included. */
  run: string
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
  // A result that must not be kept (scores without an endpoint, say) leaves no trace in the store but its report.
  const closed = new Set<string>()
  let { open, finished } = await openPieces(request, options, closed)
  const earlier = open.length > 0 || options.resume ? await toFollow(study.path, options) : undefined
  if (earlier) {
    options.note(`Following the submission ${earlier.id}.`)
    const tasks = await followHere(earlier, options)
    ;({ open, finished } = await openPieces(request, options, closed))
    tell((await whatIsLeft(earlier, tasks, { open, settled: false }, options)).unfinished, options)
  }
  for (let attempt = 0; open.length > 0; attempt++) {
    const submission = await submit({
      slurm,
      store,
      study,
      profile,
      open,
      finished,
      command: options.command,
      wishes: request.options,
    })
    const jobs = submission.pieces.map(
      ({ piece, job, shards }) => `${piece.id}=${job}${shards.length ? `[${shards.length}]` : ''}`,
    )
    options.note(`Submitted ${submission.id}: ${jobs.join(' ')}`)
    if (options.detach) return undefined
    const tasks = await followHere(submission, options)
    for (const name of await succeededIn(store, submission)) closed.add(name)
    ;({ open, finished } = await openPieces(request, options, closed))
    const { unfinished, file } = await whatIsLeft(submission, tasks, { open, settled: true }, options)
    if (open.length === 0) {
      if (unfinished.length > 0) options.note(goneWithout(unfinished, file))
      break
    }
    if (attempt >= profile.retries || signal.aborted) throw incomplete(unfinished, file)
    tell(unfinished, options)
  }
  return session.run({ ...request, options: { ...request.options, run: options.run, settled: true } })
}

/**
 * The submission that is followed before anything is submitted: the last one when resuming, and otherwise one that still
 * runs, whose work would be done (and whose judges would be paid) twice.
 */
async function toFollow(
  path: string,
  { slurm, store, resume, detach }: ClusterRunOptions,
): Promise<Submission | undefined> {
  const last = await latestSubmission(store, path)
  if (!last || resume) return last
  if ((await activeTasks(slurm, last)).length === 0) return undefined
  if (!detach) return last
  throw new MirageError({
    code: 'submission-running',
    message: `The submission ${last.id} of this study still runs, so nothing was submitted.`,
    remedy: 'Follow it with --resume, or cancel it with --cancel.',
  })
}

/** What an ended submission left undone; it is kept beside the submission's logs. */
async function whatIsLeft(
  submission: Submission,
  tasks: SlurmTask[],
  left: { open: OpenPiece[]; settled: boolean },
  { store, session }: ClusterRunOptions,
): Promise<{ unfinished: Unfinished[]; file: string }> {
  const study = await submittedStudy(store, submission)
  const shardIds = (cell: string, count: number) => session.shardIds(study, cell, count)
  const unfinished = await unfinishedOf({ store, submission, tasks, ...left, shardIds })
  return { unfinished, file: await keepUnfinished(store, submission, unfinished) }
}

function tell(unfinished: Unfinished[], { note }: ClusterRunOptions): void {
  for (const line of describeUnfinished(unfinished)) note(`Submitting again: ${line}`)
}

/** Cancels what was submitted last; false when there is nothing. */
export async function cancelOnCluster(store: Store, slurm: Slurm, study: string): Promise<boolean> {
  const submission = await latestSubmission(store, study)
  if (!submission) return false
  await slurm.cancel(submission.pieces.map(({ job }) => job))
  return true
}

async function followHere(submission: Submission, options: ClusterRunOptions) {
  const { slurm, store, signal, run, emit } = options
  const started = new Set<string>()
  try {
    return await follow({
      slurm,
      store,
      submission,
      signal,
      onProgress({ cell, ...progress }) {
        const address = { run, path: submission.study, cell }
        if (!started.has(cell)) emit({ ...address, type: 'started', at: Date.now() })
        started.add(cell)
        emit({ ...address, type: 'progress', ...progress })
      },
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
): Promise<{ open: OpenPiece[]; finished: Map<string, string> }> {
  const plan = planStudy(request.study.cells, language)
  const broken = plan.cells.find(cell => 'error' in cell && request.cells.includes(cell.id))
  if (broken && 'error' in broken) throw new MirageError(broken.error)
  const pieces = piecesOf(plan, new Set(request.cells))
  // A result with rows missing is enough for the rest to go on, once this command has had those rows tried.
  const settled = pieces
    .filter(({ id, kind }) => kind === 'collect' && closed.has(id))
    .map(({ cell }) => cell)
  const finished = await session.finished(request.study, new Set(settled))
  const open: OpenPiece[] = []
  for (const piece of pieces) {
    if (finished.has(piece.cell)) continue
    if (piece.kind !== 'shards') {
      if (!closed.has(piece.id)) open.push({ piece, shards: [] })
      continue
    }
    const count = shardCount(piece, profileFor(profile, piece.step))
    // Nobody knows which rows there will be: all shards may have some.
    const all = Array.from({ length: count }, (_, index) => index)
    const missing = (await session.missingShards(request.study, piece.cell, count, finished)) ?? all
    const shards = missing.filter(shard => !closed.has(`${piece.id}.${shard}`))
    if (shards.length > 0) open.push({ piece, shards })
  }
  return { open, finished }
}
