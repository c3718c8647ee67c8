import { type Clusters, unclustered } from '../resampling/clusters.ts'
import { type ClusterStatistics, estimates } from '../resampling/statistic.ts'
import { type Ordering, ordering } from './ranks.ts'

/**
 * Kendall's rank correlation tau-b (KRCC; Kendall, "The treatment of ties in ranking problems", Biometrika 1945), in
 * [-1, 1]; NaN when a column is constant or has fewer than two rows. O(n log n).
 */
export function kendall(x: Float64Array, y: Float64Array): number {
  return estimates(kendallStatistics([x], y, unclustered(y.length)))[0]
}

/** Kendall's tau-b of each column of `xs` with `y`, by cluster weights. An evaluation costs O(rows log rows) per column. */
export function kendallStatistics(
  xs: readonly Float64Array[],
  y: Float64Array,
  clusters: Clusters,
): ClusterStatistics {
  const orderY = ordering(y)
  const groupY = orderY.group
  const orders = xs.map(ordering)
  const tree = new Float64Array(orderY.groups + 1)
  const weighed = (order: Ordering, weights: Float64Array) => {
    let total = 0
    let tied = 0
    for (let g = 0; g < order.groups; g++) {
      let weight = 0
      for (let k = order.start[g]; k < order.start[g + 1]; k++) weight += weights[clusters.of[order.rows[k]]]
      total += weight
      tied += pairs(weight)
    }
    return { total, untied: pairs(total) - tied }
  }
  return {
    size: xs.length,
    clusters: clusters.count,
    evaluate(weights, out) {
      const { total, untied: untiedY } = weighed(orderY, weights)
      orders.forEach((order, j) => {
        const untiedX = weighed(order, weights).untied
        if (!(untiedX > 0 && untiedY > 0)) {
          out[j] = Number.NaN
          return
        }
        tree.fill(0)
        let seen = 0
        let surplus = 0
        for (let g = 0; g < order.groups; g++) {
          // Pairs inside a group are tied in x, so all of it is compared before any of it is added.
          for (let k = order.start[g]; k < order.start[g + 1]; k++) {
            const row = order.rows[k]
            const weight = weights[clusters.of[row]]
            if (weight === 0) continue
            surplus += weight * (sumUpTo(tree, groupY[row]) - (seen - sumUpTo(tree, groupY[row] + 1)))
          }
          for (let k = order.start[g]; k < order.start[g + 1]; k++) {
            const row = order.rows[k]
            const weight = weights[clusters.of[row]]
            if (weight === 0) continue
            add(tree, groupY[row], weight)
            seen += weight
          }
        }
        out[j] = total < 2 ? Number.NaN : Math.max(-1, Math.min(1, surplus / Math.sqrt(untiedX * untiedY)))
      })
    },
  }
}

const pairs = (n: number) => (n * (n - 1)) / 2

/** Sum of the first `count` entries of a Fenwick tree. */
function sumUpTo(tree: Float64Array, count: number): number {
  let sum = 0
  for (let i = count; i > 0; i -= i & -i) sum += tree[i]
  return sum
}

function add(tree: Float64Array, index: number, value: number): void {
  for (let i = index + 1; i < tree.length; i += i & -i) tree[i] += value
}
