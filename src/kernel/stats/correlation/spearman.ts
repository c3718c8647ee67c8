import type { Clusters } from '../resampling/clusters.ts'
import { type ClusterStatistics, LANES } from '../resampling/statistic.ts'
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
  order: (values: Float64Array) => Ordering = ordering,
): ClusterStatistics {
  const size = xs.length
  const orderY = order(y)
  const clustersY = orderY.rows.map(row => clusters.of[row])
  const columns = xs.map(x => {
    const orderX = order(x)
    return {
      order: orderX,
      clusters: orderX.rows.map(row => clusters.of[row]),
      groupsY: orderX.rows.map(row => orderY.group[row]),
    }
  })
  // Looked up at random for every row: half the bytes are half the waiting. Ranks are exact up to 8 million rows.
  const rankY = new Float32Array(orderY.groups * LANES)
  const counts = new Float32Array(clusters.count * LANES)
  const sums = new Float64Array(LANES)
  return {
    size,
    clusters: clusters.count,
    evaluate(weights, out) {
      counts.set(weights)
      const { middle, untied } = rankSquares(clustersY, counts)
      const squaresY = rankGroups(orderY, clustersY, counts, middle, rankY)
      columns.forEach((column, j) => {
        const { order: orderX, clusters: clustersX, groupsY } = column
        let squaresX: Float64Array = untied
        if (orderX.groups === orderX.rows.length) products(clustersX, groupsY, counts, middle, rankY, sums)
        else squaresX = tiedProducts(orderX, clustersX, groupsY, counts, middle, rankY, sums)
        for (let lane = 0; lane < LANES; lane++)
          out[lane * size + j] = cosine(sums[lane], squaresX[lane], squaresY[lane])
      })
    },
  }
}

/** Per lane the mean rank, and the sum of squared centred ranks of a column whose only ties are repeated rows. */
function rankSquares(clusters: Int32Array, weights: Float32Array) {
  const total = new Float64Array(LANES)
  const cubes = new Float64Array(LANES)
  for (let k = 0; k < clusters.length; k++) {
    const at = clusters[k] * LANES
    for (let lane = 0; lane < LANES; lane++) {
      const weight = weights[at + lane]
      total[lane] += weight
      cubes[lane] += weight * weight * weight
    }
  }
  return {
    middle: total.map(count => (count + 1) / 2),
    // Kendall's correction for ties: each group of t equal values takes (t^3 - t) / 12 from (n^3 - n) / 12.
    untied: total.map((count, lane) => (count ** 3 - cubes[lane]) / 12),
  }
}

/** Writes the centred rank of each group per lane; returns the weighted sums of their squares. */
function rankGroups(
  order: Ordering,
  clusters: Int32Array,
  weights: Float32Array,
  middle: Float64Array,
  ranks: Float32Array,
): Float64Array {
  const squares = new Float64Array(LANES)
  const below = new Float64Array(LANES)
  const weight = new Float64Array(LANES)
  for (let g = 0; g < order.groups; g++) {
    const end = order.start[g + 1]
    weight.fill(0)
    for (let k = order.start[g]; k < end; k++) {
      const at = clusters[k] * LANES
      for (let lane = 0; lane < LANES; lane++) weight[lane] += weights[at + lane]
    }
    for (let lane = 0; lane < LANES; lane++) {
      const rank = below[lane] + (weight[lane] + 1) / 2 - middle[lane]
      ranks[g * LANES + lane] = rank
      squares[lane] += weight[lane] * rank * rank
      below[lane] += weight[lane]
    }
  }
  return squares
}

/**
 * Writes per lane the sum of weight x centred rank of x x centred rank of y, over rows in the order of an x without ties.
 * Most of the time of a bootstrap goes here, so the lanes are written out.
 */
function products(
  clusters: Int32Array,
  groupsY: Int32Array,
  weights: Float32Array,
  middle: Float64Array,
  rankY: Float32Array,
  sums: Float64Array,
): void {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  // Twice the centred rank of the next row, short of its own weight.
  let t0 = 1 - 2 * middle[0]
  let t1 = 1 - 2 * middle[1]
  let t2 = 1 - 2 * middle[2]
  let t3 = 1 - 2 * middle[3]
  for (let k = 0; k < clusters.length; k++) {
    const c = clusters[k] * LANES
    const g = groupsY[k] * LANES
    const w0 = weights[c]
    const w1 = weights[c + 1]
    const w2 = weights[c + 2]
    const w3 = weights[c + 3]
    s0 += w0 * (t0 + w0) * rankY[g]
    s1 += w1 * (t1 + w1) * rankY[g + 1]
    s2 += w2 * (t2 + w2) * rankY[g + 2]
    s3 += w3 * (t3 + w3) * rankY[g + 3]
    t0 += 2 * w0
    t1 += 2 * w1
    t2 += 2 * w2
    t3 += 2 * w3
  }
  sums[0] = s0 / 2
  sums[1] = s1 / 2
  sums[2] = s2 / 2
  sums[3] = s3 / 2
}

/** The same for an x with ties; returns the weighted sums of squared centred ranks of x. */
function tiedProducts(
  order: Ordering,
  clusters: Int32Array,
  groupsY: Int32Array,
  weights: Float32Array,
  middle: Float64Array,
  rankY: Float32Array,
  sums: Float64Array,
): Float64Array {
  const squares = new Float64Array(LANES)
  const below = new Float64Array(LANES)
  sums.fill(0)
  for (let g = 0; g < order.groups; g++) {
    const end = order.start[g + 1]
    let w0 = 0
    let w1 = 0
    let w2 = 0
    let w3 = 0
    let y0 = 0
    let y1 = 0
    let y2 = 0
    let y3 = 0
    for (let k = order.start[g]; k < end; k++) {
      const c = clusters[k] * LANES
      const y = groupsY[k] * LANES
      w0 += weights[c]
      w1 += weights[c + 1]
      w2 += weights[c + 2]
      w3 += weights[c + 3]
      y0 += weights[c] * rankY[y]
      y1 += weights[c + 1] * rankY[y + 1]
      y2 += weights[c + 2] * rankY[y + 2]
      y3 += weights[c + 3] * rankY[y + 3]
    }
    addGroup(0, w0, y0, middle, below, squares, sums)
    addGroup(1, w1, y1, middle, below, squares, sums)
    addGroup(2, w2, y2, middle, below, squares, sums)
    addGroup(3, w3, y3, middle, below, squares, sums)
  }
  return squares
}

function addGroup(
  lane: number,
  weight: number,
  sumY: number,
  middle: Float64Array,
  below: Float64Array,
  squares: Float64Array,
  sums: Float64Array,
): void {
  const rank = below[lane] + (weight + 1) / 2 - middle[lane]
  squares[lane] += weight * rank * rank
  sums[lane] += rank * sumY
  below[lane] += weight
}
