import type { Clusters } from '../resampling/clusters.ts'

/**
 * A column minus its mean within each cluster: what is left tells methods on one image apart and nothing else. Clusters
 * of one row become 0 and should be left out before.
 */
export function centreWithin(values: Float64Array, clusters: Clusters): Float64Array {
  const sums = new Float64Array(clusters.count)
  const counts = new Float64Array(clusters.count)
  values.forEach((value, row) => {
    sums[clusters.of[row]] += value
    counts[clusters.of[row]]++
  })
  return values.map((value, row) => {
    const cluster = clusters.of[row]
    return value - sums[cluster] / counts[cluster]
  })
}
