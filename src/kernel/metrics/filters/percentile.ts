/**
 * The `q`-th percentile (0..100), between the two nearest values by linear interpolation as numpy does by default. Hoare's
 * selection: only the part that holds the answer is put in order.
 */
export function percentile(values: Float64Array, q: number): number {
  const list = values.slice()
  const at = (q / 100) * (list.length - 1)
  const low = Math.floor(at)
  select(list, low)
  if (low === at) return list[low]
  // Everything after `low` is at least as large, so the next value in order is the least of it.
  let next = Number.POSITIVE_INFINITY
  for (let i = low + 1; i < list.length; i++) if (list[i] < next) next = list[i]
  return list[low] + (at - low) * (next - list[low])
}

/** Reorders `list` so that `list[k]` is what it would be in sorted order, with nothing larger before and nothing smaller after it. */
function select(list: Float64Array, k: number): void {
  let from = 0
  let to = list.length - 1
  while (from < to) {
    const pivot = list[k]
    let i = from
    let j = to
    while (i <= j) {
      while (list[i] < pivot) i++
      while (list[j] > pivot) j--
      if (i > j) break
      const swapped = list[i]
      list[i++] = list[j]
      list[j--] = swapped
    }
    if (j < k) from = i
    if (i > k) to = j
  }
}
