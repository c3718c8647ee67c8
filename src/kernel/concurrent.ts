/**
 * Maps `items` with at most `limit` calls in flight; results keep the order of the items. Stops starting new calls at
 * the first error or when `signal` aborts, and rejects with that.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  fn: (item: T, index: number) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  let failed = false
  const worker = async () => {
    while (next < items.length && !failed) {
      signal?.throwIfAborted()
      const index = next++
      results[index] = await fn(items[index], index)
    }
  }
  const guarded = () =>
    worker().catch(error => {
      failed = true
      throw error
    })
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, guarded))
  return results
}
