import type { Clusters } from '../resampling/clusters.ts'
import { type ClusterStatistics, LANES } from '../resampling/statistic.ts'

/** Pearson's product-moment correlation (PLCC), in [-1, 1]; NaN when a column is constant or empty. */
export function pearson(x: Float64Array, y: Float64Array): number {
  const a = centred(x)
  const b = centred(y)
  return cosine(dot(a, b), dot(a, a), dot(b, b))
}

/**
 * Pearson's correlation of each column of `xs` with `y`, by cluster weights. A correlation needs only sums, so each
 * cluster is reduced to its sums once and an evaluation costs O(clusters), not O(rows).
 */
export function pearsonStatistics(
  xs: readonly Float64Array[],
  y: Float64Array,
  clusters: Clusters,
): ClusterStatistics {
  // Sums of centred columns keep the variance formula from cancelling.
  const cy = centred(y)
  const counts = sumByCluster(clusters, () => 1)
  const ofY = sumByCluster(clusters, i => cy[i])
  const ofYY = sumByCluster(clusters, i => cy[i] * cy[i])
  const columns = xs.map(x => {
    const cx = centred(x)
    return {
      ofX: sumByCluster(clusters, i => cx[i]),
      ofXX: sumByCluster(clusters, i => cx[i] * cx[i]),
      ofXY: sumByCluster(clusters, i => cx[i] * cy[i]),
    }
  })
  const size = xs.length
  return {
    size,
    clusters: clusters.count,
    evaluate(weights, out) {
      const n = weighted(counts, weights)
      const sumY = weighted(ofY, weights)
      const squaresY = weighted(ofYY, weights)
      columns.forEach(({ ofX, ofXX, ofXY }, j) => {
        const sumX = weighted(ofX, weights)
        const squaresX = weighted(ofXX, weights)
        const sumXY = weighted(ofXY, weights)
        for (let lane = 0; lane < LANES; lane++) {
          out[lane * size + j] = cosine(
            sumXY[lane] - (sumX[lane] * sumY[lane]) / n[lane],
            squaresX[lane] - sumX[lane] ** 2 / n[lane],
            squaresY[lane] - sumY[lane] ** 2 / n[lane],
            squaresX[lane],
            squaresY[lane],
          )
        }
      })
    },
  }
}

/** Weighted sum of a cluster's terms, per lane. */
function weighted(terms: Float64Array, weights: Float64Array): [number, number, number, number] {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let c = 0; c < terms.length; c++) {
    const term = terms[c]
    s0 += weights[c * LANES] * term
    s1 += weights[c * LANES + 1] * term
    s2 += weights[c * LANES + 2] * term
    s3 += weights[c * LANES + 3] * term
  }
  return [s0, s1, s2, s3]
}

/** The column minus its mean; exactly 0 everywhere for a constant column. */
export function centred(values: Float64Array): Float64Array {
  const first = values[0]
  let sum = 0
  for (const value of values) sum += value - first
  const mean = sum / values.length
  return values.map(value => value - first - mean)
}

/** Sum of products. Into four sums, because a single one waits for each addition before the next. */
export function dot(a: Float64Array, b: Float64Array): number {
  const whole = a.length - (a.length % 4)
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let i = 0; i < whole; i += 4) {
    s0 += a[i] * b[i]
    s1 += a[i + 1] * b[i + 1]
    s2 += a[i + 2] * b[i + 2]
    s3 += a[i + 3] * b[i + 3]
  }
  for (let i = whole; i < a.length; i++) s0 += a[i] * b[i]
  return s0 + s1 + (s2 + s3)
}

/**
 * A correlation from a covariance and two variances. NaN where a variance is nothing but rounding, measured against the
 * uncentred sums of squares it came from.
 */
export function cosine(xy: number, xx: number, yy: number, wholeX = xx, wholeY = yy): number {
  if (!(xx > wholeX * 1e-14) || !(yy > wholeY * 1e-14)) return Number.NaN
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)))
}

function sumByCluster(clusters: Clusters, term: (row: number) => number): Float64Array {
  const sums = new Float64Array(clusters.count)
  clusters.of.forEach((cluster, row) => {
    sums[cluster] += term(row)
  })
  return sums
}
