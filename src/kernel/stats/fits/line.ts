import { type Bootstrap, bootstrap, hasInterval } from '../resampling/bootstrap.ts'
import type { Clusters } from '../resampling/clusters.ts'
import { createRng } from '../resampling/rng.ts'
import { type ClusterStatistics, perLane } from '../resampling/statistic.ts'

export interface LinePoint {
  x: number
  y: number
  /** Interval of the line at x, whole clusters resampled; null where there is none. */
  low: number | null
  high: number | null
}

/**
 * The least-squares line of y on x at evenly spaced places, with pointwise BCa intervals. Empty for fewer than three
 * rows or a constant x.
 */
export function fitLine(
  x: Float64Array,
  y: Float64Array,
  clusters: Clusters,
  { draws, level, seed, places = 25 }: { draws: number; level: number; seed: number; places?: number },
): LinePoint[] {
  if (x.length < 3) return []
  const low = x.reduce((a, b) => Math.min(a, b))
  const high = x.reduce((a, b) => Math.max(a, b))
  if (!(high > low)) return []
  const at = Float64Array.from({ length: places }, (_, k) => low + ((high - low) * k) / (places - 1))
  const { estimates, intervals }: Bootstrap = bootstrap(lineStatistics(x, y, clusters, at), {
    draws,
    level,
    rng: createRng(seed),
  })
  return Array.from(at, (place, k) => {
    const interval = intervals[k]
    const band = hasInterval(interval) ? interval : { low: null, high: null }
    return { x: place, y: estimates[k], ...band }
  })
}

/** Heights of the fitted line, by cluster weights, from sums per cluster. */
function lineStatistics(
  x: Float64Array,
  y: Float64Array,
  clusters: Clusters,
  at: Float64Array,
): ClusterStatistics {
  const middle = at[at.length >> 1]
  const sums = new Float64Array(5 * clusters.count)
  clusters.of.forEach((cluster, row) => {
    const u = x[row] - middle
    ;[1, u, y[row], u * u, u * y[row]].forEach((term, k) => {
      sums[5 * cluster + k] += term
    })
  })
  const total = new Float64Array(5)
  return perLane(at.length, clusters.count, (weights, out) => {
    total.fill(0)
    for (let c = 0; c < weights.length; c++)
      for (let k = 0; k < 5; k++) total[k] += weights[c] * sums[5 * c + k]
    const [n, sumX, sumY, sumXX, sumXY] = total
    const slope = (n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX)
    at.forEach((place, k) => {
      out[k] = (sumY - slope * sumX) / n + slope * (place - middle)
    })
  })
}
