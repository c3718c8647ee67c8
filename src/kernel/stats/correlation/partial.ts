import { choleskySolve } from '../fits/cholesky.ts'
import type { Clusters } from '../resampling/clusters.ts'
import { type ClusterStatistics, LANES } from '../resampling/statistic.ts'
import type { Ordering } from './ranks.ts'

/** Builds the statistics of a coefficient, `pearsonStatistics` or `spearmanStatistics`. */
export type Coefficient = (
  xs: readonly Float64Array[],
  y: Float64Array,
  clusters: Clusters,
  order?: (values: Float64Array) => Ordering,
) => ClusterStatistics

/**
 * Partial correlation of each column of `xs` with `y` given other columns: what they still share once the given columns
 * have explained what they can. From the correlation matrix, so Spearman's coefficient gives the partial rank
 * correlation. NaN where the given columns explain x or y wholly, or each other.
 */
export function partialStatistics(
  coefficient: Coefficient,
  xs: readonly Float64Array[],
  y: Float64Array,
  given: readonly Float64Array[],
  clusters: Clusters,
): ClusterStatistics {
  const withY = coefficient([...xs, ...given], y, clusters)
  const withGiven = given.map(column => coefficient([...xs, ...given], column, clusters))
  const columns = xs.length + given.length
  const toY = new Float64Array(columns * LANES)
  const toGiven = given.map(() => new Float64Array(columns * LANES))
  return {
    size: xs.length,
    clusters: clusters.count,
    evaluate(weights, out) {
      withY.evaluate(weights, toY)
      withGiven.forEach((statistics, g) => {
        statistics.evaluate(weights, toGiven[g])
      })
      for (let lane = 0; lane < LANES; lane++) {
        const own = (correlations: Float64Array) =>
          correlations.subarray(lane * columns, (lane + 1) * columns)
        const matrix = toGiven.map(row => [...own(row).subarray(xs.length)])
        const yGiven = [...own(toY).subarray(xs.length)]
        const explainsY = choleskySolve(matrix, yGiven)
        for (let j = 0; j < xs.length; j++) {
          const xGiven = toGiven.map(row => own(row)[j])
          const explainsX = choleskySolve(matrix, xGiven)
          out[lane * xs.length + j] =
            explainsX && explainsY ? partial(own(toY)[j], xGiven, yGiven, explainsX, explainsY) : Number.NaN
        }
      }
    },
  }
}

function partial(rXY: number, xGiven: number[], yGiven: number[], bX: number[], bY: number[]): number {
  const product = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + value * b[k], 0)
  const leftX = 1 - product(xGiven, bX)
  const leftY = 1 - product(yGiven, bY)
  if (!(leftX > 1e-12 && leftY > 1e-12)) return Number.NaN
  return Math.max(-1, Math.min(1, (rXY - product(xGiven, bY)) / Math.sqrt(leftX * leftY)))
}
