import { normalAt, normalBelow, tAt } from '../distributions.ts'

export interface Interval {
  low: number
  high: number
}

/**
 * The bias-corrected and accelerated bootstrap interval (Efron, "Better bootstrap confidence intervals", JASA 1987; the
 * form of SciPy's `bootstrap(method='BCa')`).
 *
 * @param draws statistic of each bootstrap sample, finite, in any order
 * @param estimate statistic of the sample itself
 * @param jackknife statistic without each cluster in turn (or each group of clusters of one size), finite
 * @param level coverage, 0.95 for a 95 % interval
 * @param clusters number of clusters that were resampled. A bootstrap sample of n varies like n - 1 and has a known spread
 *   where the data's is estimated, so intervals of few clusters are too short; they are widened from z to
 *   t sqrt(n / (n - 1)) (Hesterberg, "What teachers should know about the bootstrap", 2015). Infinity widens nothing.
 */
export function bcaInterval(
  draws: Float64Array,
  estimate: number,
  jackknife: Float64Array,
  level: number,
  clusters = Number.POSITIVE_INFINITY,
): Interval {
  const sorted = Float64Array.from(draws).sort()
  const wide = Number.isFinite(clusters)
    ? tAt((1 + level) / 2, clusters - 1) * Math.sqrt(clusters / (clusters - 1))
    : normalAt((1 + level) / 2)
  const bias = normalAt(shareBelow(sorted, estimate))
  // Every draw on one side of the estimate: there is no correction to be had, the percentiles are all that is known.
  const correction = Number.isFinite(bias) ? bias : 0
  const acceleration = Number.isFinite(bias) ? accelerationOf(jackknife) : 0
  const at = (deviate: number) => {
    const z = correction + deviate
    return quantile(sorted, normalBelow(correction + z / (1 - acceleration * z)))
  }
  return { low: at(-wide), high: at(wide) }
}

/** Share of draws below the estimate, those that equal it counted half. */
function shareBelow(sorted: Float64Array, estimate: number): number {
  let below = 0
  let equal = 0
  for (const draw of sorted) {
    if (draw < estimate) below++
    else if (draw === estimate) equal++
    else break
  }
  return (below + equal / 2) / sorted.length
}

function accelerationOf(jackknife: Float64Array): number {
  let mean = 0
  for (const value of jackknife) mean += value / jackknife.length
  let squares = 0
  let cubes = 0
  for (const value of jackknife) {
    const influence = mean - value
    squares += influence ** 2
    cubes += influence ** 3
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5)
}

/** Quantile of sorted values, linear between neighbours (Hyndman and Fan's type 7, the default of NumPy). */
export function quantile(sorted: Float64Array, p: number): number {
  const position = p * (sorted.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (position - below) * (sorted[above] - sorted[below])
}
