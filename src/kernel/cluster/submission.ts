import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Study } from '../protocol/messages.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import { type OpenPiece, type PlannedPiece, shardCount } from './pieces.ts'
import { type ClusterProfile, profileFor } from './profile.ts'
import type { TaskReport } from './report.ts'
import { batchScript, LOGS, type Wishes } from './script.ts'
import type { Slurm, SlurmTask } from './slurm.ts'
import { prepareTasks, submissionFolder } from './task-files.ts'

export interface SubmittedPiece extends PlannedPiece {
  job: string
}

/** What was handed to the scheduler; kept in the store, so that another machine can follow or cancel it. */
export interface Submission {
  id: string
  study: string
  pieces: SubmittedPiece[]
}

export interface SubmitOptions {
  slurm: Slurm
  store: Store
  study: Study
  profile: ClusterProfile
  open: OpenPiece[]
  /** Keys of the results that are there, by cell. */
  finished: ReadonlyMap<string, string>
  /** What starts Mirage on a node, as a shell reads it. */
  command: string
  wishes: Wishes
}

/** Hands every open piece to Slurm, each after the pieces that it needs. Nothing stays submitted when one is refused. */
export async function submit({
  slurm,
  store,
  study,
  profile,
  open,
  finished,
  command,
  wishes,
}: SubmitOptions): Promise<Submission> {
  const id = `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}-${randomBytes(3).toString('hex')}`
  const folder = submissionFolder(store, id)
  await mkdir(join(folder, LOGS), { recursive: true })
  const snapshot = join(folder, SNAPSHOT)
  await writeFile(snapshot, JSON.stringify(study))
  const planned = open.map(({ piece, shards }): PlannedPiece => {
    const count = shardCount(piece, profileFor(profile, piece.step))
    return { piece, shards, ...(piece.kind === 'shards' && { count }) }
  })
  await prepareTasks(folder, planned, finished)
  const submission: Submission = { id, study: study.path, pieces: [] }
  try {
    for (const { piece, shards, count } of planned) {
      const own = profileFor(profile, piece.step)
      const script = batchScript({
        piece,
        profile: own,
        study: study.path,
        snapshot,
        folder,
        submission: id,
        command,
        wishes,
        shards,
      })
      await writeFile(join(folder, `${piece.id}.sh`), script)
      const after = submission.pieces
        .filter(({ piece: earlier }) => piece.needs.includes(earlier.id))
        .map(({ job }) => job)
      const job = await slurm.submit(script, { after })
      submission.pieces.push({ piece, shards, job, ...(count && { count }) })
    }
  } catch (error) {
    await slurm.cancel(submission.pieces.map(({ job }) => job))
    throw error
  }
  await store.putRecord('submission', latestKey(study.path), submission)
  return submission
}

/** The study's last submission, from whichever machine it was made. */
export async function latestSubmission(store: Store, study: string): Promise<Submission | undefined> {
  return store.getRecord<Submission>('submission', latestKey(study))
}

const SNAPSHOT = 'study.json'

/** The study as it was when it was submitted. */
export async function submittedStudy(store: Store, { id }: Submission): Promise<Study> {
  return JSON.parse(await readFile(join(submissionFolder(store, id), SNAPSHOT), 'utf8')) as Study
}

/** The log of a task, as the batch script names it. */
export const logOf = (store: Store, { id }: Submission, { piece, job }: SubmittedPiece, shard?: number) =>
  join(submissionFolder(store, id), LOGS, `${piece.id}-${job}${shard === undefined ? '' : `_${shard}`}.log`)

const latestKey = (study: string) => hashOf({ study }).slice(0, 32)

const ACTIVE = new Set([
  'PENDING',
  'RUNNING',
  'CONFIGURING',
  'COMPLETING',
  'SUSPENDED',
  'REQUEUED',
  'REQUEUE_HOLD',
  'PREEMPTED',
  'STAGE_OUT',
  'SIGNALING',
  'STOPPED',
  'RESV_DEL_HOLD',
  'SPECIAL_EXIT',
])

/** A job whose dependency can never be met waits for ever where the cluster ignores the flag that ends it. */
const HOPELESS = new Set(['DependencyNeverSatisfied'])

export interface Progress {
  cell: string
  /** Shards that are done, with parts for those that run. */
  done: number
  total: number
  label: string
}

export interface FollowOptions {
  slurm: Slurm
  store: Store
  submission: Submission
  signal: AbortSignal
  onProgress(progress: Progress): void
  pollMilliseconds?: number
  silentMilliseconds?: number
  silentTimes?: number
}

/** Tasks of a submission that run, or may yet. */
export async function activeTasks(slurm: Slurm, { pieces }: Submission): Promise<SlurmTask[]> {
  return (await slurm.tasks(pieces.map(({ job }) => job))).filter(isActive)
}

const isActive = ({ state, reason }: SlurmTask): boolean => ACTIVE.has(state) && !HOPELESS.has(reason)

/** Milliseconds after which the scheduler is asked again when it did not answer, growing from try to try. */
const SILENT_MILLISECONDS = 5000
/** Times in a row that the scheduler may not answer: about ten minutes. A controller that restarts is back by then. */
const SILENT_TIMES = 15

/** Waits until no task of the submission runs or waits any more, and returns how they ended. */
export async function follow(options: FollowOptions): Promise<SlurmTask[]> {
  const { slurm, submission, signal, pollMilliseconds = 2000 } = options
  const jobs = submission.pieces.map(({ job }) => job)
  const last = new Map<string, SlurmTask>()
  let answered = false
  for (let silent = 0; ; ) {
    let now: SlurmTask[]
    try {
      now = await slurm.tasks(jobs)
      answered = true
      silent = 0
    } catch (error) {
      // The jobs go on meanwhile, so a scheduler that is busy or restarts does not end the following of a day's work.
      if (!answered || ++silent >= (options.silentTimes ?? SILENT_TIMES)) throw error
      await delay(Math.min(silent, 12) * (options.silentMilliseconds ?? SILENT_MILLISECONDS), signal)
      continue
    }
    for (const task of now) last.set(`${task.job}_${task.task ?? ''}`, task)
    const active = now.filter(isActive)
    await tellProgress(options, active)
    if (active.length === 0) return [...last.values()]
    await delay(pollMilliseconds, signal)
  }
}

async function tellProgress(
  { submission, store, onProgress }: FollowOptions,
  active: SlurmTask[],
): Promise<void> {
  for (const { piece, shards, job } of submission.pieces) {
    const own = active.filter(task => task.job === job)
    const total = Math.max(1, shards.length)
    let done = total - (piece.kind === 'shards' ? own.length : Math.min(1, own.length))
    const running = own.filter(({ state }) => state === 'RUNNING')
    for (const { task } of running) {
      const report = await reportOf(store, submission, task === undefined ? piece.id : `${piece.id}.${task}`)
      if (report && report.total > 0) done += Math.min(1, report.done / report.total)
    }
    if (own.length === 0 && done < total) continue
    const label = own.length
      ? `${piece.kind} on Slurm: ${running.length} running, ${own.length - running.length} waiting`
      : `${piece.kind} ended`
    onProgress({ cell: piece.cell, done, total, label })
  }
}

/** Tasks of a submission by the names that their reports have in it. */
export function* tasksOf({
  pieces,
}: Submission): Generator<{ name: string; entry: SubmittedPiece; shard?: number }> {
  for (const entry of pieces) {
    if (entry.piece.kind !== 'shards') yield { name: entry.piece.id, entry }
    else for (const shard of entry.shards) yield { name: `${entry.piece.id}.${shard}`, entry, shard }
  }
}

export const reportOf = (store: Store, submission: Submission, name: string) =>
  store.getRecord<TaskReport>('report', `${submission.id}.${name}`)

/** Names of the tasks that reported success. */
export async function succeededIn(store: Store, submission: Submission): Promise<string[]> {
  const names: string[] = []
  for (const { name } of tasksOf(submission)) {
    if ((await reportOf(store, submission, name))?.state === 'succeeded') names.push(name)
  }
  return names
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
