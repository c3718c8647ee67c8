/**
 * Runs tasks, a few at a time, the newest first: what has just come into sight is wanted before what was scrolled past.
 * A task whose signal is aborted before its turn never runs.
 */
export function createQueue(limit: number) {
  const waiting: { start: () => void; signal: AbortSignal; reject: (reason: unknown) => void }[] = []
  let running = 0
  const next = () => {
    while (running < limit) {
      const task = waiting.pop()
      if (!task) return
      if (task.signal.aborted) task.reject(task.signal.reason)
      else task.start()
    }
  }
  return <T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      const start = () => {
        running++
        run()
          .then(resolve, reject)
          .finally(() => {
            running--
            next()
          })
      }
      waiting.push({ start, signal, reject })
      // A task of the same turn may still come before it.
      queueMicrotask(next)
    })
}
