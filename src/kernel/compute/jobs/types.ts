import type { JobDefinition } from './definition.ts'
import type { JOBS } from './index.ts'

export type JobName = keyof typeof JOBS
export type JobParams<K extends JobName> = Parameters<(typeof JOBS)[K]['run']>[0]
export type JobResult<K extends JobName> = Awaited<ReturnType<(typeof JOBS)[K]['run']>>
export type JobProgress<K extends JobName> =
  (typeof JOBS)[K] extends JobDefinition<never, unknown, infer P> ? P : never
