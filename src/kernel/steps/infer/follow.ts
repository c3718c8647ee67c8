import type { StepEvent } from '../../step.ts'

/**
 * Starts a job and yields what it tells while it runs; returns its result. Events of one progress are yielded before the
 * next is looked at, and none is lost.
 */
export async function* follow<P, R>(
  start: (onProgress: (progress: P) => void) => Promise<R>,
  tell: (progress: P) => StepEvent[],
): AsyncGenerator<StepEvent, R, unknown> {
  const told: P[] = []
  let wake = () => {}
  let settled = false
  const job = start(progress => {
    told.push(progress)
    wake()
  }).finally(() => {
    settled = true
    wake()
  })
  // Its failure is thrown by the last line; until then it must not count as unhandled.
  job.catch(() => {})
  while (!settled || told.length > 0) {
    for (const progress of told.splice(0)) yield* tell(progress)
    if (!settled && told.length === 0) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  return job
}
