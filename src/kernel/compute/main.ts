import { MirageError } from '../errors.ts'
import { JOBS } from './jobs/index.ts'
import type { JobDefinition } from './jobs/types.ts'
import type { FailedJob, FromCompute, ToCompute } from './wire.ts'

/**
 * Entry of a compute process: runs one job at a time for its parent. onnxruntime-node and sharp are loaded here and
 * nowhere else, by the jobs that need them.
 */
const jobs: Record<string, JobDefinition<unknown, unknown, unknown>> = JOBS
const running = new Map<number, AbortController>()

const send = (message: FromCompute) => process.send?.(message)

async function run({ id, job, params, storeRoot }: Extract<ToCompute, { type: 'run' }>): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const result = await jobs[job].run(params, {
      storeRoot,
      signal: controller.signal,
      report: progress => send({ type: 'progress', id, progress }),
    })
    send({ type: 'done', id, result, rss: process.memoryUsage.rss() })
  } catch (error) {
    send({ type: 'failed', id, error: failure(error, controller.signal) })
  } finally {
    running.delete(id)
  }
}

function failure(error: unknown, signal: AbortSignal): FailedJob {
  if (signal.aborted) return { kind: 'aborted' }
  if (error instanceof MirageError) return { kind: 'mirage', info: error.info }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  return { kind: 'bug', message, stack }
}

process.on('message', (message: ToCompute) => {
  if (message.type === 'abort') running.get(message.id)?.abort()
  else void run(message)
})
// The parent is gone: nobody wants the result.
process.on('disconnect', () => process.exit(0))
