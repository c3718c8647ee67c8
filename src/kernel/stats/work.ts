/**
 * Long arithmetic that can be paused: it yields the share done so far (0..1) often, and returns its result. Whoever
 * drives it decides when to report, to let other work in, and to stop.
 */
export type Work<T> = Generator<number, T>

/** Runs one part of a larger work, its shares mapped to `from .. to`. */
export function* part<T>(work: Work<T>, from: number, to: number): Work<T> {
  let step = work.next()
  while (!step.done) {
    yield from + step.value * (to - from)
    step = work.next()
  }
  return step.value
}

/** Runs a work at one go. */
export function finish<T>(work: Work<T>): T {
  let step = work.next()
  while (!step.done) step = work.next()
  return step.value
}
