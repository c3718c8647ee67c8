import { type Clusters, unclustered } from '../resampling/clusters.ts'
import { type ClusterStatistics, evaluated, perLane } from '../resampling/statistic.ts'
import { type Ordering, ordering } from './ranks.ts'

/**
 * Kendall's rank correlation tau-b (KRCC; Kendall, "The treatment of ties in ranking problems", Biometrika 1945), in
 * [-1, 1]; NaN when a column is constant or has fewer than two rows. O(n log n).
 */
export function kendall(x: Float64Array, y: Float64Array): number {
  return evaluated(kendallStatistics([x], y, unclustered(y.length)))[0]
}

/** Kendall's tau-b of each column of `xs` with `y`, by cluster weights. An evaluation costs O(rows log rows) per column. */
export function kendallStatistics(
  xs: readonly Float64Array[],
  y: Float64Array,
  clusters: Clusters,
  order: (values: Float64Array) => Ordering = ordering,
): ClusterStatistics {
  const orderY = order(y)
  const orders = xs.map(order)
  const tree = new Float64Array(orderY.groups + 1)
  const perRow = new Float64Array(y.length)
  return perLane(xs.length, clusters.count, (weights, out) => {
    for (let row = 0; row < perRow.length; row++) perRow[row] = weights[clusters.of[row]]
    const untiedY = untiedPairs(orderY, perRow)
    orders.forEach((orderX, j) => {
      out[j] = tauB(surplus(orderX, orderY.group, perRow, tree), untiedPairs(orderX, perRow), untiedY)
    })
  })
}

/** Writes tau-b of each column of `xs` with y for an assignment of y's rows, as `permuting` wants it. */
export function kendallPermuted(xs: readonly Float64Array[], y: Float64Array) {
  const orderY = ordering(y)
  const orders = xs.map(ordering)
  const tree = new Float64Array(orderY.groups + 1)
  const once = new Float64Array(y.length).fill(1)
  const untiedY = untiedPairs(orderY, once)
  const untiedX = orders.map(order => untiedPairs(order, once))
  const groupY = new Int32Array(y.length)
  return (permutation: Int32Array, out: Float64Array) => {
    for (let row = 0; row < groupY.length; row++) groupY[row] = orderY.group[permutation[row]]
    orders.forEach((order, j) => {
      out[j] = tauB(surplus(order, groupY, once, tree), untiedX[j], untiedY)
    })
  }
}

function tauB(surplus: number, untiedX: number, untiedY: number): number {
  if (!(untiedX > 0 && untiedY > 0)) return Number.NaN
  return Math.max(-1, Math.min(1, surplus / Math.sqrt(untiedX * untiedY)))
}

/** Concordant less discordant pairs of weighted rows. `tree` is scratch space, one longer than y has groups. */
function surplus(order: Ordering, groupY: Int32Array, weights: Float64Array, tree: Float64Array): number {
  tree.fill(0)
  let seen = 0
  let sum = 0
  for (let g = 0; g < order.groups; g++) {
    const [from, to] = [order.start[g], order.start[g + 1]]
    // Pairs inside a group are tied in x, so all of it is compared before any of it is added.
    for (let k = from; k < to; k++) {
      const row = order.rows[k]
      const weight = weights[row]
      if (weight > 0) sum += weight * (sumUpTo(tree, groupY[row]) + sumUpTo(tree, groupY[row] + 1) - seen)
    }
    for (let k = from; k < to; k++) {
      const row = order.rows[k]
      if (weights[row] > 0) add(tree, groupY[row], weights[row])
      seen += weights[row]
    }
  }
  return sum
}

/** Pairs of weighted rows whose values differ. */
function untiedPairs(order: Ordering, weights: Float64Array): number {
  let total = 0
  let tied = 0
  for (let g = 0; g < order.groups; g++) {
    let weight = 0
    for (let k = order.start[g]; k < order.start[g + 1]; k++) weight += weights[order.rows[k]]
    total += weight
    tied += pairs(weight)
  }
  return pairs(total) - tied
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
