import type { ProviderName, ProviderState } from '../models/providers.ts'
import type { JobName, JobParams, JobProgress, JobResult } from './jobs/types.ts'
import type { RowMemo } from './row-memo.ts'

/**
 * Runs coarse native jobs (upscale these images, measure these pairs) in child processes. Paths, hashes and parameters
 * cross; pixels stay in the store. A process that dies fails its job with `compute-died` and is replaced.
 */
export interface Compute {
  run<K extends JobName>(job: K, params: JobParams<K>, options: RunOptions<K>): Promise<JobResult<K>>
  /** What the probe of each provider found in the life of this kernel; forgotten by `doctor`. */
  readonly probed?: Map<ProviderName, Promise<ProviderState>>
  /** Hears which provider a step goes on with. */
  chosen?(provider: ProviderName): void
  /** Versions of the native packages that jobs compute with. */
  packages?(): Readonly<Record<string, string>>
  /** What row jobs answered before, and where their answers are kept. */
  readonly memo?: RowMemo
}

export type Lane = 'device' | 'cpu' | 'alone'

export interface RunOptions<K extends JobName> {
  /** Aborting asks the job to stop at its next unit; after a second its process is killed. */
  signal: AbortSignal
  onProgress?(progress: JobProgress<K>): void
  /**
   * `device` jobs run one at a time in the process that owns the inference sessions; `cpu` jobs run beside it, one
   * process per core; an `alone` job gets a process of its own, which ends with it and gives back everything it took.
   */
  lane?: Lane
}
