import { fAt } from '../distributions.ts'

export interface Icc {
  /** Agreement of single ratings of raters drawn from many: ICC(2,1). */
  icc21: number
  /** Agreement of the mean over this many raters: ICC(2,k). */
  icc2k: number
  /** Consistency of these raters, differences in level set aside: ICC(3,1). */
  icc31: number
  /** 95 % intervals of ICC(2,1) and ICC(3,1). */
  interval21: [number, number]
  interval31: [number, number]
  targets: number
  raters: number
}

/**
 * Intraclass correlations of a complete targets x raters matrix by two-way analysis of variance, and their intervals
 * (Shrout and Fleiss, "Intraclass correlations: uses in assessing rater reliability", Psychological Bulletin 1979;
 * McGraw and Wong 1996). Undefined with fewer than two targets or raters, or where all ratings are equal.
 *
 * @param ratings one array per target, all of the same length, no missing values
 */
export function icc(ratings: readonly (readonly number[])[]): Icc | undefined {
  const n = ratings.length
  const k = ratings[0]?.length ?? 0
  if (n < 2 || k < 2) return undefined
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const targetMeans = ratings.map(mean)
  const raterMeans = Array.from({ length: k }, (_, j) => mean(ratings.map(row => row[j])))
  const grand = mean(targetMeans)
  const spread = (means: number[], each: number) => each * means.reduce((sum, m) => sum + (m - grand) ** 2, 0)
  const between = spread(targetMeans, k) / (n - 1)
  const raters = spread(raterMeans, n) / (k - 1)
  const residual =
    ratings.reduce(
      (sum, row, i) =>
        sum + row.reduce((s, value, j) => s + (value - targetMeans[i] - raterMeans[j] + grand) ** 2, 0),
      0,
    ) /
    ((n - 1) * (k - 1))
  if (!(between + raters + residual > 0)) return undefined
  const icc21 = (between - residual) / (between + (k - 1) * residual + (k * (raters - residual)) / n)
  return {
    icc21,
    icc2k: (between - residual) / (between + (raters - residual) / n),
    icc31: (between - residual) / (between + (k - 1) * residual),
    interval21: interval21(icc21, { n, k, between, raters, residual }),
    interval31: interval31({ n, k, between, residual }),
    targets: n,
    raters: k,
  }
}

interface Squares {
  n: number
  k: number
  between: number
  residual: number
}

function interval31({ n, k, between, residual }: Squares): [number, number] {
  if (residual === 0) return [1, 1]
  const f = between / residual
  const low = f / fAt(0.975, n - 1, (n - 1) * (k - 1))
  const high = f * fAt(0.975, (n - 1) * (k - 1), n - 1)
  return [(low - 1) / (low + k - 1), (high - 1) / (high + k - 1)]
}

function interval21(
  icc21: number,
  { n, k, between, raters, residual }: Squares & { raters: number },
): [number, number] {
  if (residual === 0 && raters === 0) return [1, 1]
  const a = (k * icc21) / (n * (1 - icc21))
  const b = 1 + (k * icc21 * (n - 1)) / (n * (1 - icc21))
  // Satterthwaite's degrees of freedom for the sum of two mean squares.
  const degrees =
    (a * raters + b * residual) ** 2 /
    ((a * raters) ** 2 / (k - 1) + (b * residual) ** 2 / ((n - 1) * (k - 1)))
  const noise = k * raters + (k * n - k - n) * residual
  const low = fAt(0.975, n - 1, degrees)
  const high = fAt(0.975, degrees, n - 1)
  return [
    (n * (between - low * residual)) / (low * noise + n * between),
    (n * (high * between - residual)) / (noise + n * high * between),
  ]
}
