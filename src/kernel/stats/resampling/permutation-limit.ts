import { normalBelow } from '../distributions.ts'
import { type Clusters, clustersBySize } from './clusters.ts'
import type { Exchange } from './permutation.ts'

/**
 * Two-sided permutation p of the sum of x times y without drawing permutations: the sum's exact mean and variance over
 * all exchanges that `exchanger` can make, and the normal limit (the combinatorial central limit theorem; Hoeffding, "A
 * combinatorial central limit theorem", 1951). For thousands of images, where draws cost much and resolve little.
 *
 * @param x column whose products with y are summed; centred, as `y` is
 */
export function permutationLimit(
  x: Float64Array,
  y: Float64Array,
  clusters: Clusters,
  exchange: Exchange,
): number {
  const ofX = momentsByCluster(x, clusters)
  const ofY = momentsByCluster(y, clusters)
  let observed = 0
  for (let row = 0; row < x.length; row++) observed += x[row] * y[row]
  let mean = 0
  let variance = 0
  for (const [size, members] of clustersBySize(ofX.count)) {
    const sum = (values: Float64Array) => members.reduce((total, c) => total + values[c], 0)
    const covered = members.length
    if (exchange === 'rows') {
      for (const c of members) {
        mean += size * ofX.mean[c] * ofY.mean[c]
        if (size > 1) variance += (ofX.squares[c] * ofY.squares[c]) / (size - 1)
      }
      continue
    }
    const [meanX, meanY] = [sum(ofX.mean) / covered, sum(ofY.mean) / covered]
    mean += size * covered * meanX * meanY
    const spread = (means: Float64Array, centre: number) =>
      members.reduce((total, c) => total + (means[c] - centre) ** 2, 0)
    if (covered > 1)
      variance += (size ** 2 * spread(ofX.mean, meanX) * spread(ofY.mean, meanY)) / (covered - 1)
    if (size > 1) variance += (sum(ofX.squares) * sum(ofY.squares)) / (covered * (size - 1))
  }
  if (!(variance > 0)) return Number.NaN
  const reach = Math.abs(observed)
  const sd = Math.sqrt(variance)
  return normalBelow((-reach - mean) / sd) + normalBelow((mean - reach) / sd)
}

/** Rows, mean and sum of squared deviations of each cluster. */
function momentsByCluster(values: Float64Array, clusters: Clusters) {
  const count = new Float64Array(clusters.count)
  const mean = new Float64Array(clusters.count)
  const squares = new Float64Array(clusters.count)
  values.forEach((value, row) => {
    const c = clusters.of[row]
    count[c]++
    mean[c] += value
  })
  for (let c = 0; c < clusters.count; c++) mean[c] /= count[c]
  values.forEach((value, row) => {
    squares[clusters.of[row]] += (value - mean[clusters.of[row]]) ** 2
  })
  return { count, mean, squares }
}
