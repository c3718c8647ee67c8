/** Loads items in order, each while the one before it is being used. */
export async function* oneAhead<T, R>(items: readonly T[], load: (item: T) => Promise<R>): AsyncGenerator<R> {
  const start = (index: number) => {
    if (index >= items.length) return undefined
    const loading = load(items[index])
    // Awaited when its turn comes; until then a failure must not count as unhandled.
    loading.catch(() => {})
    return loading
  }
  let next = start(0)
  for (let index = 0; next !== undefined; index++) {
    const item = await next
    next = start(index + 1)
    yield item
  }
}
