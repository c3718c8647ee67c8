import type { Clusters } from '../resampling/clusters.ts'
import type { ClusterStatistics } from '../resampling/statistic.ts'
import { cosine, pearson } from './pearson.ts'
import { midranks, type Ordering, ordering } from './ranks.ts'

/** Spearman's rank correlation (SRCC), in [-1, 1]: Pearson's over midranks. NaN when a column is constant or empty. */
export function spearman(x: Float64Array, y: Float64Array): number {
  return pearson(midranks(x), midranks(y))
}

/**
 * Spearman's correlation of each column of `xs` with `y`, by cluster weights. Columns are sorted once; ranks in a
 * weighted sample follow from running sums of weights, so an evaluation costs O(rows) per column.
 */
export function spearmanStatistics(
  xs: readonly Float64Array[],
  y: Float64Array,
  clusters: Clusters,
): ClusterStatistics {
  const orderY = ordering(y)
  const clustersY = clustersInOrder(orderY, clusters)
  const columns = xs.map(x => {
    const order = ordering(x)
    return {
      order,
      clusters: clustersInOrder(order, clusters),
      groupsY: order.rows.map(row => orderY.group[row]),
    }
  })
  const rankY = new Float64Array(orderY.groups)
  return {
    size: xs.length,
    clusters: clusters.count,
    evaluate(weights, out) {
      const untied = rankSquares(clustersY, weights)
      const middle = (untied.total + 1) / 2
      const squaresY = rankGroups(orderY, clustersY, weights, middle, rankY)
      columns.forEach(({ order, clusters, groupsY }, j) => {
        if (order.groups === order.rows.length)
          out[j] = cosine(products(clusters, groupsY, weights, middle, rankY), untied.squares, squaresY)
        else {
          const { xx, xy } = tiedProducts(order, clusters, groupsY, weights, middle, rankY)
          out[j] = cosine(xy, xx, squaresY)
        }
      })
    },
  }
}

/** Number of weighted rows, and the sum of squared centred ranks of a column whose only ties are repeated rows. */
function rankSquares(clusters: Int32Array, weights: Float64Array) {
  let total = 0
  let cubes = 0
  for (let k = 0; k < clusters.length; k++) {
    const weight = weights[clusters[k]]
    total += weight
    cubes += weight * weight * weight
  }
  // Kendall's correction for ties: each group of t equal values takes (t^3 - t) / 12 from (n^3 - n) / 12.
  return { total, squares: (total ** 3 - cubes) / 12 }
}

/** Writes the centred rank of each group; returns the weighted sum of their squares. */
function rankGroups(
  order: Ordering,
  clusters: Int32Array,
  weights: Float64Array,
  middle: number,
  ranks: Float64Array,
): number {
  let below = 0
  let squares = 0
  for (let g = 0; g < order.groups; g++) {
    const end = order.start[g + 1]
    let weight = 0
    for (let k = order.start[g]; k < end; k++) weight += weights[clusters[k]]
    const rank = below + (weight + 1) / 2 - middle
    ranks[g] = rank
    squares += weight * rank * rank
    below += weight
  }
  return squares
}

/** Sum of weight x centred rank of x x centred rank of y over rows in the order of an x without ties. */
function products(
  clusters: Int32Array,
  groupsY: Int32Array,
  weights: Float64Array,
  middle: number,
  rankY: Float64Array,
): number {
  const rows = clusters.length
  // Two rows at a time into two sums: this loop is most of the time of a bootstrap, and additions wait for each other.
  let even = 0
  let odd = 0
  // Twice the centred rank of the next row, short of its own weight.
  let twice = 1 - 2 * middle
  let k = 0
  for (; k + 1 < rows; k += 2) {
    const a = weights[clusters[k]]
    const b = weights[clusters[k + 1]]
    even += a * (twice + a) * rankY[groupsY[k]]
    odd += b * (twice + (a + a + b)) * rankY[groupsY[k + 1]]
    twice += 2 * (a + b)
  }
  if (k < rows) {
    const a = weights[clusters[k]]
    even += a * (twice + a) * rankY[groupsY[k]]
  }
  return (even + odd) / 2
}

/** The same for an x with ties, and the weighted sum of squared centred ranks of x. */
function tiedProducts(
  order: Ordering,
  clusters: Int32Array,
  groupsY: Int32Array,
  weights: Float64Array,
  middle: number,
  rankY: Float64Array,
) {
  let xx = 0
  let xy = 0
  let below = 0
  for (let g = 0; g < order.groups; g++) {
    const end = order.start[g + 1]
    let weight = 0
    let sumY = 0
    for (let k = order.start[g]; k < end; k++) {
      const each = weights[clusters[k]]
      weight += each
      sumY += each * rankY[groupsY[k]]
    }
    const rank = below + (weight + 1) / 2 - middle
    xx += weight * rank * rank
    xy += rank * sumY
    below += weight
  }
  return { xx, xy }
}

function clustersInOrder(order: Ordering, clusters: Clusters): Int32Array {
  return order.rows.map(row => clusters.of[row])
}
