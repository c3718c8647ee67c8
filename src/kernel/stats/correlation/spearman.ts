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
  const position = positionsOf(orderY)
  const clustersY = clustersInOrder(orderY, clusters)
  const columns = xs.map(x => {
    const order = ordering(x)
    return {
      order,
      clusters: clustersInOrder(order, clusters),
      // Where each row stands in y's order, so that y's ranks are written in sequence.
      positions: Int32Array.from(order.rows, row => position[row]),
    }
  })
  const rankY = new Float64Array(y.length)
  return {
    size: xs.length,
    clusters: clusters.count,
    evaluate(weights, out) {
      let total = 0
      for (let k = 0; k < clustersY.length; k++) total += weights[clustersY[k]]
      const middle = (total + 1) / 2
      const varianceY = weighRanks(orderY, clustersY, weights, middle, rankY)
      columns.forEach((column, j) => {
        const { order, positions } = column
        const sums =
          order.groups === order.rows.length
            ? withoutTies(column.clusters, positions, weights, middle, rankY)
            : withTies(order, column.clusters, positions, weights, middle, rankY)
        out[j] = cosine(sums.xy, sums.xx, varianceY)
      })
    },
  }
}

/** Writes weight x (rank - middle) of each row, in order; returns the weighted sum of squared centred ranks. */
function weighRanks(
  order: Ordering,
  clusters: Int32Array,
  weights: Float64Array,
  middle: number,
  out: Float64Array,
): number {
  let below = 0
  let squares = 0
  for (let g = 0; g < order.groups; g++) {
    const end = order.start[g + 1]
    let weight = 0
    for (let k = order.start[g]; k < end; k++) weight += weights[clusters[k]]
    const rank = below + (weight + 1) / 2 - middle
    for (let k = order.start[g]; k < end; k++) out[k] = weights[clusters[k]] * rank
    squares += weight * rank * rank
    below += weight
  }
  return squares
}

function withoutTies(
  clusters: Int32Array,
  positions: Int32Array,
  weights: Float64Array,
  middle: number,
  rankY: Float64Array,
) {
  let xx = 0
  let xy = 0
  // Twice the centred rank of the row to come, without its own weight: keeps a halving out of the loop.
  let twice = 1 - 2 * middle
  for (let k = 0; k < clusters.length; k++) {
    const weight = weights[clusters[k]]
    const rank = twice + weight
    twice = rank + weight
    xx += weight * rank * rank
    xy += rank * rankY[positions[k]]
  }
  return { xx: xx / 4, xy: xy / 2 }
}

function withTies(
  order: Ordering,
  clusters: Int32Array,
  positions: Int32Array,
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
      weight += weights[clusters[k]]
      sumY += rankY[positions[k]]
    }
    const rank = below + (weight + 1) / 2 - middle
    xx += weight * rank * rank
    xy += rank * sumY
    below += weight
  }
  return { xx, xy }
}

function clustersInOrder(order: Ordering, clusters: Clusters): Int32Array {
  return Int32Array.from(order.rows, row => clusters.of[row])
}

function positionsOf(order: Ordering): Int32Array {
  const positions = new Int32Array(order.rows.length)
  order.rows.forEach((row, k) => {
    positions[row] = k
  })
  return positions
}
