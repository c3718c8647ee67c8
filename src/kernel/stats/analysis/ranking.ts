import { quantile } from '../resampling/bca.ts'
import { bootstrapping, hasInterval } from '../resampling/bootstrap.ts'
import { type Clusters, clustersOf } from '../resampling/clusters.ts'
import { createRng } from '../resampling/rng.ts'
import { type ClusterStatistics, perLane } from '../resampling/statistic.ts'
import type { Work } from '../work.ts'
import type { Column } from './sample.ts'

/** A method's place among all methods by its mean. */
export interface Standing {
  column: string
  method: string
  rows: number
  mean: number
  low: number | null
  high: number | null
  /** 1 is best; equal means share the mean of their places. */
  rank: number
  /** Range of ranks in the middle share (`level`) of bootstrap draws. */
  rankLow: number | null
  rankHigh: number | null
}

/**
 * Ranks methods by the mean of a column, over rows where it is known. Images are drawn together for all methods, so an
 * image that is hard for everyone moves no rank.
 *
 * @param higherIsBetter whether rank 1 has the highest mean
 */
export function* ranking(
  column: Column,
  methodOf: readonly (string | null)[],
  images: Clusters,
  higherIsBetter: boolean,
  { draws, level, seed }: { draws: number; level: number; seed: number },
): Work<Standing[]> {
  const rows = methodOf.flatMap((method, row) =>
    method !== null && Number.isFinite(column.values[row]) ? [{ row, method }] : [],
  )
  const methods = [...new Set(rows.map(({ method }) => method))]
  // An image without a value is no image of this ranking: drawing it would count what was never seen.
  const clusters = clustersOf(
    images,
    Int32Array.from(rows, ({ row }) => row),
  )
  const means = meansByMethod(
    rows.map(({ row, method }, k) => ({
      group: methods.indexOf(method),
      cluster: clusters.of[k],
      value: column.values[row],
    })),
    methods.length,
    clusters.count,
  )
  const result = yield* bootstrapping(means, { draws, level, rng: createRng(seed) })
  const ranks = ranksOf(result.estimates, higherIsBetter)
  const drawn = methods.map(() => new Float64Array(draws))
  for (let b = 0; b < draws; b++)
    ranksOf(result.draws.subarray(b * methods.length, (b + 1) * methods.length), higherIsBetter).forEach(
      (rank, m) => {
        drawn[m][b] = rank
      },
    )
  return methods.map((method, m) => {
    const interval = result.intervals[m]
    const known = hasInterval(interval)
    const sorted = drawn[m].filter(Number.isFinite).sort()
    return {
      column: column.name,
      method,
      rows: rows.filter(row => row.method === method).length,
      mean: result.estimates[m],
      low: known ? interval.low : null,
      high: known ? interval.high : null,
      rank: ranks[m],
      rankLow: known ? quantile(sorted, (1 - level) / 2) : null,
      rankHigh: known ? quantile(sorted, (1 + level) / 2) : null,
    }
  })
}

function meansByMethod(
  rows: readonly { group: number; cluster: number; value: number }[],
  groups: number,
  clusters: number,
): ClusterStatistics {
  const counts = new Float64Array(groups)
  return perLane(groups, clusters, (weights, out) => {
    counts.fill(0)
    out.fill(0)
    for (const { group, cluster, value } of rows) {
      counts[group] += weights[cluster]
      out[group] += weights[cluster] * value
    }
    for (let g = 0; g < groups; g++) out[g] /= counts[g]
  })
}

/** Ranks of means, 1 the best; NaN where a draw left a method without rows. */
function ranksOf(means: Float64Array, higherIsBetter: boolean): number[] {
  return Array.from(means, mean => {
    if (Number.isNaN(mean)) return Number.NaN
    const better = means.filter(other => (higherIsBetter ? other > mean : other < mean)).length
    const equal = means.filter(other => other === mean).length
    return better + (equal + 1) / 2
  })
}
