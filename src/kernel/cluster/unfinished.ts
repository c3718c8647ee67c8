import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MirageError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { OpenPiece } from './pieces.ts'
import type { SlurmTask } from './slurm.ts'
import { logOf, reportOf, type Submission, tasksOf } from './submission.ts'
import { submissionFolder } from './task-files.ts'

/** Rows that have no result yet, and why. */
export interface Unfinished {
  cell: string
  /** The piece, with its shard: `sr.shards.3`. */
  task: string
  /** Image ids; empty where nobody knows yet which rows the task has, or where it is of no single row. */
  rows: string[]
  reason: string
}

/** How Slurm's states and the lines in which it ends a task are told. */
const ENDINGS: readonly { state: RegExp; line: RegExp; reason: string }[] = [
  {
    state: /^(TIMEOUT|DEADLINE)/,
    line: /DUE TO TIME LIMIT/,
    reason: 'its time limit ran out: raise `time`, or cut into more `shards`',
  },
  {
    state: /^OUT_OF_ME/,
    line: /oom.kill|OUT OF MEMORY/i,
    reason: 'it needed more memory than it was given: raise `memory`',
  },
  { state: /^PREEMPTED/, line: /DUE TO PREEMPTION/, reason: 'it was preempted' },
  { state: /^(NODE_FAIL|BOOT_FAIL)/, line: /DUE TO NODE FAILURE/, reason: 'its node was lost' },
  { state: /^CANCELLED/, line: /CANCELLED AT/, reason: 'it was cancelled' },
]

export interface EndedSubmission {
  store: Store
  submission: Submission
  /** How its tasks ended, as far as Slurm remembers. */
  tasks: SlurmTask[]
  /** Pieces that have no result yet, and which of their shards. */
  open: OpenPiece[]
  /** Rows that their task has gone on without count too. */
  settled: boolean
  /** Image ids by shard of a cell; undefined while the rows are not known. */
  shardIds(cell: string, count: number): Promise<string[][] | undefined>
}

/** What a submission left undone: what its tasks reported of single rows, or how Slurm ended them. */
export async function unfinishedOf(ended: EndedSubmission): Promise<Unfinished[]> {
  const { store, submission, tasks, open, settled, shardIds } = ended
  const isOpen = new Map(open.map(({ piece, shards }) => [piece.id, new Set(shards)]))
  const found: Unfinished[] = []
  const broken = new Set<string>()
  const idsByCell = new Map<string, string[][] | undefined>()
  const byTask = new Map(tasks.map(task => [`${task.job}_${task.task ?? ''}`, task]))
  for (const { name, entry, shard } of tasksOf(submission)) {
    const { piece, job } = entry
    const shards = isOpen.get(piece.id)
    const hasWork = shards !== undefined && (shard === undefined || shards.has(shard))
    if (!hasWork && !settled) continue
    const report = await reportOf(store, submission, name)
    if (report?.state === 'succeeded' && piece.kind !== 'collect') {
      for (const { rows, error } of report.failures)
        found.push({ cell: piece.cell, task: name, rows, reason: error.message })
    }
    if (!hasWork || report?.state === 'succeeded') continue
    const waitedFor = piece.needs.find(need => broken.has(need))
    if (broken.has(piece.id) && waitedFor) continue
    broken.add(piece.id)
    if (!report && waitedFor) {
      const reason = `not started, since ${waitedFor} did not end well`
      found.push({ cell: piece.cell, task: piece.id, rows: [], reason })
      continue
    }
    if (report?.state === 'failed') {
      const whole = [{ rows: [], error: report.error ?? { code: 'unknown', message: 'it failed' } }]
      for (const { rows, error } of report.failures.length > 0 ? report.failures : whole)
        found.push({ cell: piece.cell, task: name, rows, reason: error.message })
      continue
    }
    const count = entry.count ?? 1
    if (shard !== undefined && !idsByCell.has(piece.cell))
      idsByCell.set(piece.cell, await shardIds(piece.cell, count))
    const rows = shard === undefined ? [] : (idsByCell.get(piece.cell)?.[shard] ?? [])
    const task = byTask.get(`${job}_${shard ?? ''}`)
    const log = await readFile(logOf(store, submission, entry, shard), 'utf8').catch(() => '')
    const at = report
      ? ` (on ${report.host}, at ${Math.floor((100 * report.done) / Math.max(1, report.total))} %)`
      : ''
    found.push({ cell: piece.cell, task: name, rows, reason: `${endingOf(task, log)}${at}` })
  }
  return found
}

/** What Slurm says of a task; once it has forgotten, what it wrote into the task's log. */
function endingOf(task: SlurmTask | undefined, log: string): string {
  const known = ENDINGS.find(({ state, line }) => (task ? state.test(task.state) : line.test(log)))
  if (known) return `${task?.state ?? 'ended by Slurm'}: ${known.reason}`
  const said = log.trimEnd().split('\n').at(-1)?.trim()
  const last = said ? `; its last words: ${said}` : ''
  return task ? `${task.state} (${task.reason})${last}` : `ended without a report${last}`
}

const UNFINISHED = 'unfinished.jsonl'

/** Keeps the reasons beside the submission's logs, one line per row. Returns the file's path. */
export async function keepUnfinished(
  store: Store,
  submission: Submission,
  unfinished: readonly Unfinished[],
): Promise<string> {
  const path = join(submissionFolder(store, submission.id), UNFINISHED)
  const lines = unfinished.flatMap(({ rows, ...rest }) =>
    (rows.length > 0 ? rows : [null]).map(row => JSON.stringify({ row, ...rest })),
  )
  await writeFile(path, lines.map(line => `${line}\n`).join(''))
  return path
}

const IDS_SHOWN = 8

/** One line per task and reason. */
export function describeUnfinished(unfinished: readonly Unfinished[]): string[] {
  const groups = Map.groupBy(unfinished, ({ task, reason }) => JSON.stringify([task, reason]))
  return [...groups.values()].map(group => {
    const [{ task, reason }] = group
    const rows = group.flatMap(each => each.rows)
    const more = rows.length > IDS_SHOWN ? ` and ${rows.length - IDS_SHOWN} more` : ''
    const who = rows.length > 0 ? ` [${rows.slice(0, IDS_SHOWN).join(', ')}${more}]` : ''
    return `${task}${who}: ${reason}`
  })
}

/** What is said when all else is done. */
export function goneWithout(unfinished: readonly Unfinished[], file: string): string {
  const count = new Set(unfinished.flatMap(({ rows }) => rows)).size
  const images = count === 1 ? 'One image has' : `${count} images have`
  return `${images} rows without a result, and all else went on without them. --resume tries them again. Every row with its reason: ${file}`
}

const LINES_SHOWN = 20

/** @returns MirageError `cluster-incomplete` */
export function incomplete(unfinished: readonly Unfinished[], file: string): MirageError {
  const lines = describeUnfinished(unfinished)
  const more = lines.length > LINES_SHOWN ? [`... and ${lines.length - LINES_SHOWN} more`] : []
  return new MirageError({
    code: 'cluster-incomplete',
    message: ['Some of the work did not end well:', ...lines.slice(0, LINES_SHOWN), ...more].join('\n'),
    remedy: `Mend what is named, then run again with --resume: only what is missing is submitted. Every row with its reason: ${file}`,
  })
}
