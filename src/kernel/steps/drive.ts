import { setImmediate } from 'node:timers/promises'
import type { Work } from '../stats/work.ts'
import type { StepEvent } from '../step.ts'

/** Milliseconds of arithmetic before the process turns to its messages. */
const SLICE = 25
/** Parts in which progress is told. */
const TOTAL = 1000

/**
 * Runs arithmetic in the kernel's own process in slices, so that an interrupt is heard and other sessions go on, and
 * tells progress.
 *
 * @throws the signal's reason when it aborts
 */
export async function* driven<T>(
  work: Work<T>,
  label: string,
  signal: AbortSignal,
): AsyncGenerator<StepEvent, T, unknown> {
  let done = 0
  let sliceEnds = performance.now() + SLICE
  let step = work.next()
  while (!step.done) {
    if (performance.now() > sliceEnds) {
      done = Math.max(done, Math.floor(step.value * TOTAL))
      yield { type: 'progress', done, total: TOTAL, label }
      await setImmediate()
      signal.throwIfAborted()
      sliceEnds = performance.now() + SLICE
    }
    step = work.next()
  }
  yield { type: 'progress', done: TOTAL, total: TOTAL, label }
  return step.value
}
