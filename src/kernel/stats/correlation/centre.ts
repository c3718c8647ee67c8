import type { Clusters } from '../resampling/clusters.ts'

/**
 * A column minus its mean within each cluster: what is left tells methods on one image apart and nothing else. Rounded to
 * 2^-40 of the largest value, so that deviations that are equal by arithmetic stay ties: 4 - 10/3 and 3 - 7/3 differ in
 * their last bit, and ranks would take that for an order.
 */
export function centreWithin(values: Float64Array, clusters: Clusters): Float64Array {
  const sums = new Float64Array(clusters.count)
  const counts = new Float64Array(clusters.count)
  let largest = 0
  values.forEach((value, row) => {
    sums[clusters.of[row]] += value
    counts[clusters.of[row]]++
    largest = Math.max(largest, Math.abs(value))
  })
  const unit = largest * 2 ** -40 || 1
  return values.map((value, row) => {
    const cluster = clusters.of[row]
    return unit * Math.round((value - sums[cluster] / counts[cluster]) / unit)
  })
}
