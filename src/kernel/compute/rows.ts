import type { ImageRef } from '../protocol/mime.ts'
import type { Compute, RunOptions } from './compute.ts'
import { type FailedRow, isolate } from './isolate.ts'
import type { InferProgress } from './jobs/infer.ts'
import type { JobParams, JobProgress, JobResult } from './jobs/types.ts'
import { rowKeyer } from './row-memo.ts'

/** Jobs that work row by row; their result is a list in the order of the rows. */
export type RowJob = 'infer' | 'infer-command' | 'measure'

/** Rows of one job: those that it works on, those that were worked on before, and all of them. */
interface Parts<Row> {
  part: readonly Row[]
  done: readonly Row[]
  all: readonly Row[]
}

interface RowJobFacts<K extends RowJob, Row> {
  /** The parameter that lists the rows. */
  rows: string
  /** Progress over all rows, from that over a part of them. */
  over(progress: JobProgress<K>, parts: Parts<Row>): JobProgress<K>
}

interface WithLr {
  lr: ImageRef
}

const areaOf = (images: readonly WithLr[]) => images.reduce((sum, { lr }) => sum + lr.width * lr.height, 0)

function megapixelsOver(progress: InferProgress, { part, done, all }: Parts<WithLr>): InferProgress {
  // SR pixels per LR pixel, a whole number.
  const factor = Math.round((1e6 * progress.total) / areaOf(part))
  const reached = areaOf(done) + areaOf(part) * (progress.megapixels / progress.total)
  return { ...progress, megapixels: (factor * reached) / 1e6, total: (factor * areaOf(all)) / 1e6 }
}

const ROW_JOBS: { [K in RowJob]: RowJobFacts<K, never> } = {
  infer: { rows: 'images', over: megapixelsOver },
  'infer-command': { rows: 'images', over: megapixelsOver },
  measure: { rows: 'rows', over: (progress, parts) => ({ done: progress.done + parts.done.length }) },
}

/**
 * Runs a job over rows. A row that cannot be worked on becomes a `FailedRow` and costs no other row its result. With a
 * memo, only rows that it does not have are worked on, and are added to it.
 *
 * @throws as `isolate`
 */
export async function runRows<K extends RowJob>(
  compute: Compute,
  job: K,
  params: JobParams<K>,
  { onProgress, ...options }: RunOptions<K>,
): Promise<(JobResult<K>[number] | FailedRow)[]> {
  type Result = JobResult<K>[number] | FailedRow
  const { rows: name, over } = ROW_JOBS[job]
  const { [name]: rows, ...rest } = params as unknown as Record<string, object[]>
  const { memo } = compute
  const keys = memo ? rows.map(rowKeyer([job, rest])) : []
  const known = rows.map((_, i) => memo?.get(keys[i]) as Result | undefined)
  // Two equal rows are two rows, so each is told by an object of its own.
  const open = rows.flatMap((row, i) => (known[i] === undefined ? [{ row, i }] : []))
  const made: Result[] = await isolate(open, options.signal, (part, done) => {
    const rowsOf = (list: typeof open) => list.map(({ row }) => row as never)
    const parts = { part: rowsOf(part), done: rowsOf(done), all: rowsOf(open) }
    return compute.run(job, { ...rest, [name]: parts.part } as never, {
      ...options,
      ...(onProgress && { onProgress: progress => onProgress(over(progress, parts)) }),
    }) as Promise<JobResult<K>[number][]>
  })
  for (const [n, { i }] of open.entries()) {
    known[i] = made[n]
    memo?.set(keys[i], made[n])
  }
  return known as Result[]
}
