import { meng, steiger } from '../correlation/dependent.ts'
import { partialStatistics } from '../correlation/partial.ts'
import { cosine, dot } from '../correlation/pearson.ts'
import { midranks } from '../correlation/ranks.ts'
import { spearmanStatistics } from '../correlation/spearman.ts'
import { type Bootstrap, bootstrapping, hasInterval, strided } from '../resampling/bootstrap.ts'
import { createRng } from '../resampling/rng.ts'
import { type ClusterStatistics, evaluated, LANES } from '../resampling/statistic.ts'
import type { Work } from '../work.ts'
import { residuals } from './residuals.ts'
import { type Column, constant, type Sample } from './sample.ts'

/** How much stronger the first predictor's SRCC is than the second's, each taken with the sign of its direction. */
export interface Difference {
  y: string
  first: string
  second: string
  rows: number
  value: number
  low: number | null
  high: number | null
  /** Two-sided, from the bootstrap draws clustered by image. */
  p: number | null
  /**
   * Two-sided, by Steiger's and by Meng's test; both take rows for independent. With given columns they are those of the
   * partial correlations, each column one row less (T. W. Anderson, "An Introduction to Multivariate Statistical
   * Analysis", section 4.3: partial correlations given k columns are distributed as plain ones of k rows fewer).
   */
  pSteiger: number | null
  pMeng: number | null
}

export interface CompareOptions {
  draws: number
  level: number
  given: readonly Column[]
  seed: number
  /** +1 where a predictor should rise with y, -1 where it should fall, 0 where nobody said. */
  signOf(x: string): -1 | 0 | 1
}

/**
 * The statistics, followed by every difference of two of them after each is multiplied by its sign: the strengths of two
 * predictors, compared in the same draws.
 */
export function withDifferences(statistics: ClusterStatistics, signs: readonly number[]): ClusterStatistics {
  const { size, clusters } = statistics
  const pairs = pairsOf(size)
  const whole = size + pairs.length
  const inner = new Float64Array(size * LANES)
  return {
    size: whole,
    clusters,
    evaluate(weights, out) {
      statistics.evaluate(weights, inner)
      for (let lane = 0; lane < LANES; lane++) {
        const own = inner.subarray(lane * size, (lane + 1) * size)
        out.set(own, lane * whole)
        pairs.forEach(([a, b], k) => {
          out[lane * whole + size + k] = signs[a] * own[a] - signs[b] * own[b]
        })
      }
    },
  }
}

/** All pairs a < b below `size`, in the order in which their differences are written. */
export function pairsOf(size: number): [number, number][] {
  return Array.from({ length: size }, (_, a) =>
    Array.from({ length: size - a - 1 }, (_, k): [number, number] => [a, a + 1 + k]),
  ).flat()
}

/** SRCC of several predictors against each other, on rows that all of them have. */
export function* comparing(
  sample: Sample,
  xs: readonly Column[],
  y: Column,
  options: CompareOptions,
): Work<Difference[]> {
  const usable = xs.filter(x => !constant(sample.take(x)))
  const valuesX = usable.map(sample.take)
  const given = options.given.map(sample.take)
  const statistics =
    given.length > 0
      ? partialStatistics(spearmanStatistics, valuesX, sample.take(y), given, sample.clusters)
      : spearmanStatistics(valuesX, sample.take(y), sample.clusters)
  const signs = signsOf(usable, [...evaluated(statistics)], options)
  const { draws, level, seed } = options
  const result = yield* bootstrapping(withDifferences(statistics, signs), {
    draws,
    level,
    rng: createRng(seed),
  })
  return differencesOf(sample, usable, { ranks: valuesX.map(midranks), given }, y, result, signs)
}

/** `ranks` are midranks of the predictors, `given` the values of the given columns. */
export function differencesOf(
  { rows }: Sample,
  xs: readonly Column[],
  { ranks, given }: { ranks: readonly Float64Array[]; given: readonly Float64Array[] },
  y: Column,
  { estimates: all, intervals, draws }: Bootstrap,
  signs: readonly number[],
): Difference[] {
  const givenRanks = given.map(midranks)
  const left = ranks.map(values => residuals(values, givenRanks) ?? new Float64Array(values.length))
  const squares = left.map(values => dot(values, values))
  const n = rows.length - given.length
  return pairsOf(xs.length).flatMap(([a, b], k): Difference[] => {
    const index = xs.length + k
    if (Number.isNaN(all[index])) return []
    const interval = intervals[index]
    const [ra, rb] = [signs[a] * all[a], signs[b] * all[b]]
    const between = signs[a] * signs[b] * cosine(dot(left[a], left[b]), squares[a], squares[b])
    const tested = n > 3 && Math.abs(between) < 1 && Math.abs(ra) < 1 && Math.abs(rb) < 1
    return [
      {
        y: y.name,
        first: xs[a].name,
        second: xs[b].name,
        rows: rows.length,
        value: all[index],
        low: hasInterval(interval) ? interval.low : null,
        high: hasInterval(interval) ? interval.high : null,
        p: hasInterval(interval) ? signP(strided(draws, index, all.length)) : null,
        pSteiger: tested ? steiger(ra, rb, between, n).p : null,
        pMeng: tested ? meng(ra, rb, between, n).p : null,
      },
    ]
  })
}

/** Twice the smaller share of draws on one side of 0. */
function signP(draws: Float64Array): number {
  const finite = draws.filter(Number.isFinite)
  const below = finite.filter(value => value <= 0).length
  const above = finite.filter(value => value >= 0).length
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (finite.length + 1))
}

/** +1 or -1 for each predictor: its declared direction of each predictor, or where there is none that of its own correlation. */
export function signsOf(
  xs: readonly Column[],
  correlations: readonly number[],
  { signOf }: Pick<CompareOptions, 'signOf'>,
): number[] {
  return xs.map((x, j) => signOf(x.name) || (correlations[j] < 0 ? -1 : 1))
}
