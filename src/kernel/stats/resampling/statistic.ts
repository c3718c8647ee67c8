/**
 * Statistics of a sample whose clusters can count any number of times. This one form serves the estimate (every
 * cluster once), the bootstrap (counts of a draw with replacement) and the jackknife (one cluster 0 times).
 */
export interface ClusterStatistics {
  /** How many statistics are computed at once; they share work such as the ranks of y. */
  size: number
  /** Number of clusters, the length of `weights`. */
  clusters: number
  /**
   * Writes the statistics of the sample in which every row of cluster c counts `weights[c]` times (an integer, 0 leaves
   * it out) to `out[0 .. size)`. NaN where a statistic is undefined (a constant column).
   */
  evaluate(weights: Float64Array, out: Float64Array): void
}

/** The statistics of the sample as it is. */
export function estimates(statistics: ClusterStatistics): Float64Array {
  const out = new Float64Array(statistics.size)
  statistics.evaluate(new Float64Array(statistics.clusters).fill(1), out)
  return out
}
