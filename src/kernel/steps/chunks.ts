import type { StepEvent } from '../step.ts'

export interface ChunkOptions<T, R> {
  items: readonly T[]
  /** Items per chunk: few enough that all compute processes have work, many enough that starting one costs nothing. */
  size: number
  /** Shown with the progress. */
  label: string
  /** What an item is, in the plural. */
  unit: string
  signal: AbortSignal
  /** Works on one chunk, tells how many of its items are done, and returns their results in order. */
  run(chunk: T[], signal: AbortSignal, onDone: (done: number) => void): Promise<R[]>
}

/**
 * Works on chunks of items side by side (the compute pool queues what has no process yet), yields progress, and returns
 * the results in the order of the items. The first chunk that fails stops the others.
 */
export async function* inChunks<T, R>(options: ChunkOptions<T, R>): AsyncGenerator<StepEvent, R[], unknown> {
  const { items, size, label, unit, run } = options
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const chunks = Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
  const done = chunks.map(() => 0)
  const started = performance.now()
  let wake = () => {}
  let settled = false
  const work = Promise.all(
    chunks.map((chunk, i) =>
      run(chunk, signal, count => {
        done[i] = count
        wake()
      }),
    ),
  ).finally(() => {
    settled = true
    wake()
  })
  // Its failure is thrown below, by the last line; until then it must not count as unhandled.
  work.catch(() => {})
  const progress = (count: number): StepEvent => {
    const rate = (1000 * count) / Math.max(1, performance.now() - started)
    return { type: 'progress', done: count, total: items.length, label, rate, unit }
  }
  try {
    while (!settled) {
      yield progress(done.reduce((sum, count) => sum + count, 0))
      if (!settled) await new Promise<void>(resolve => (wake = resolve))
    }
    const results = (await work).flat()
    yield progress(items.length)
    return results
  } finally {
    stop.abort()
  }
}
