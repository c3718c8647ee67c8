/**
 * P-values adjusted for testing all of them (Holm, "A simple sequentially rejective multiple test procedure", 1979).
 * NaN stays NaN and does not count as a test.
 */
export function holm(p: readonly number[]): number[] {
  const order = p
    .map((_, index) => index)
    .filter(index => !Number.isNaN(p[index]))
    .sort((a, b) => p[a] - p[b])
  const adjusted = p.map(() => Number.NaN)
  let largest = 0
  order.forEach((index, k) => {
    largest = Math.max(largest, Math.min(1, p[index] * (order.length - k)))
    adjusted[index] = largest
  })
  return adjusted
}
