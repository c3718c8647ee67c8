import { flushCompileCache } from 'node:module'
import { MirageError } from '../errors.ts'
import type { JobDefinition } from './jobs/definition.ts'
import type { FailedJob, FromCompute, ToCompute } from './wire.ts'

export type Jobs = Record<string, JobDefinition<never, unknown, never>>

/** Runs jobs for the parent process, for as long as it is there. */
export function serve(table: Jobs): void {
  const jobs = table as Record<string, JobDefinition<unknown, unknown, unknown>>
  const running = new Map<number, AbortController>()

  const send = (message: FromCompute) => process.send?.(message)

  async function run({ id, job, params, storeRoot }: Extract<ToCompute, { type: 'run' }>): Promise<void> {
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const result = await jobs[job].run(params, {
        storeRoot,
        signal: controller.signal,
        report: progress => send({ type: 'progress', id, progress, rss: process.memoryUsage.rss() }),
      })
      send({ type: 'done', id, result, rss: process.memoryUsage.rss() })
    } catch (error) {
      send({ type: 'failed', id, error: failure(error, controller.signal) })
    } finally {
      running.delete(id)
    }
  }

  process.on('message', (message: ToCompute) => {
    if (message.type === 'abort') running.get(message.id)?.abort()
    else void run(message)
  })
  // Written now, because a compute process is ended by killing it.
  flushCompileCache()
  // The parent is gone: nobody wants the result.
  process.on('disconnect', () => process.exit(0))
}

function failure(error: unknown, signal: AbortSignal): FailedJob {
  if (signal.aborted) return { kind: 'aborted' }
  if (error instanceof MirageError) return { kind: 'mirage', info: error.info }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  return { kind: 'bug', message, stack }
}
