/**
 * Samples that are evaluated side by side. A bootstrap waits for memory more than for arithmetic, and four samples cost
 * hardly more memory traffic than one.
 */
export const LANES = 4

/**
 * Statistics of samples whose clusters can count any number of times. This one form serves the estimate (every cluster
 * once), the bootstrap (counts of a draw with replacement) and the jackknife (one cluster 0 times).
 */
export interface ClusterStatistics {
  /** How many statistics are computed at once; they share work such as the ranks of y. */
  size: number
  clusters: number
  /**
   * Writes statistic j of the sample in lane l to `out[l * size + j]`. In that sample every row of cluster c counts
   * `weights[c * LANES + l]` times, an integer; 0 leaves it out. NaN where a statistic is undefined (a constant column).
   */
  evaluate(weights: Float64Array, out: Float64Array): void
}

/** Statistics from a function of one sample's weights, `weights[c]` times cluster c. */
export function perLane(
  size: number,
  clusters: number,
  evaluate: (weights: Float64Array, out: Float64Array) => void,
): ClusterStatistics {
  const own = new Float64Array(clusters)
  return {
    size,
    clusters,
    evaluate(weights, out) {
      for (let lane = 0; lane < LANES; lane++) {
        for (let c = 0; c < clusters; c++) own[c] = weights[c * LANES + lane]
        evaluate(own, out.subarray(lane * size, (lane + 1) * size))
      }
    },
  }
}

/** The statistics of one sample by its cluster weights; every cluster once when there are none. */
export function evaluated(statistics: ClusterStatistics, weights?: ArrayLike<number>): Float64Array {
  const lanes = new Float64Array(statistics.clusters * LANES).fill(1)
  for (let c = 0; weights && c < statistics.clusters; c++) lanes.fill(weights[c], c * LANES, (c + 1) * LANES)
  const out = new Float64Array(statistics.size * LANES)
  statistics.evaluate(lanes, out)
  return out.slice(0, statistics.size)
}
