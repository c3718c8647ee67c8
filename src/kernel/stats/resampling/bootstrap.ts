import { finish, type Work } from '../work.ts'
import { bcaInterval, type Interval } from './bca.ts'
import type { Rng } from './rng.ts'
import { type ClusterStatistics, evaluated, LANES } from './statistic.ts'

export interface BootstrapOptions {
  /** Number of bootstrap samples; with 0 there are estimates and no intervals. */
  draws: number
  /** Coverage of the intervals, 0.95 for 95 %. */
  level: number
  rng: Rng
}

export interface Bootstrap {
  /** Statistics of the sample as it is; NaN where undefined. */
  estimates: Float64Array
  /** BCa interval of each statistic, or why there is none. */
  intervals: (Interval | NoInterval)[]
  /** Every draw: statistic j of draw b is `draws[b * size + j]`; NaN where undefined in that draw. */
  draws: Float64Array
}

export interface NoInterval {
  reason: string
}

export const hasInterval = (interval: Interval | NoInterval): interval is Interval => 'low' in interval

/** With fewer, a bootstrap sample says next to nothing about the next set of images. */
export const FEWEST_CLUSTERS = 6

/** Share of draws in which a statistic may be undefined before its interval is refused. */
const UNDEFINED_ALLOWED = 0.05

/** Above this many clusters the jackknife leaves out groups of them: the acceleration is the same, the work bounded. */
const JACKKNIFE_GROUPS = 100

/**
 * Draws whole clusters with replacement and gives BCa intervals for every statistic. All statistics see the same draws,
 * so the difference of two of them has its own distribution in `draws`. Yields after each draw the share of work done,
 * so that whoever drives it can report, pause and cancel; returns the result.
 */
export function* bootstrapping(
  statistics: ClusterStatistics,
  { draws, level, rng }: BootstrapOptions,
): Work<Bootstrap> {
  const { size, clusters } = statistics
  const estimate = evaluated(statistics)
  const left = draws > 0 ? leftOut(clusters) : []
  const work = draws + left.length
  const drawn = yield* inLanes(statistics, draws, 0, work, (weights, lane) => {
    for (let c = 0; c < clusters; c++) weights[c * LANES + lane] = 0
    for (let c = 0; c < clusters; c++) weights[rng.below(clusters) * LANES + lane]++
  })
  const without = yield* inLanes(statistics, left.length, draws, work, (weights, lane, group) => {
    const [from, to] = left[group]
    for (let c = 0; c < clusters; c++) weights[c * LANES + lane] = c >= from && c < to ? 0 : 1
  })
  const intervals = Array.from({ length: size }, (_, j) => {
    if (Number.isNaN(estimate[j])) return { reason: 'the statistic is undefined' }
    if (draws === 0) return { reason: 'no bootstrap samples were drawn' }
    if (clusters < FEWEST_CLUSTERS) return { reason: `${clusters} clusters are too few to resample` }
    const finite = strided(drawn, j, size).filter(Number.isFinite)
    const undefinedDraws = draws - finite.length
    if (undefinedDraws > UNDEFINED_ALLOWED * draws)
      return { reason: `undefined in ${undefinedDraws} of ${draws} bootstrap samples` }
    const jackknifed = strided(without, j, size).filter(Number.isFinite)
    return bcaInterval(finite, estimate[j], jackknifed, level, clusters)
  })
  return { estimates: estimate, intervals, draws: drawn }
}

/** The statistics of `count` samples, row by row; `fill` writes the weights of a sample into its lane. */
function* inLanes(
  { size, clusters, evaluate }: ClusterStatistics,
  count: number,
  before: number,
  work: number,
  fill: (weights: Float64Array, lane: number, sample: number) => void,
): Work<Float64Array> {
  const results = new Float64Array(count * size)
  if (clusters === 0) return results.fill(Number.NaN)
  const weights = new Float64Array(clusters * LANES)
  const out = new Float64Array(size * LANES)
  for (let first = 0; first < count; first += LANES) {
    const lanes = Math.min(LANES, count - first)
    for (let lane = 0; lane < lanes; lane++) fill(weights, lane, first + lane)
    evaluate(weights, out)
    results.set(out.subarray(0, lanes * size), first * size)
    yield (before + first + lanes) / work
  }
  return results
}

/** Bootstraps at one go. */
export function bootstrap(statistics: ClusterStatistics, options: BootstrapOptions): Bootstrap {
  return finish(bootstrapping(statistics, options))
}

/** Ranges of clusters to leave out in turn: each alone, or groups of equal size. */
function leftOut(clusters: number): [number, number][] {
  const perGroup = Math.ceil(clusters / JACKKNIFE_GROUPS)
  const groups = perGroup === 0 ? 0 : Math.floor(clusters / perGroup)
  return Array.from({ length: groups }, (_, g) => [g * perGroup, (g + 1) * perGroup])
}

/** Column `j` of a row-major matrix. */
export function strided(matrix: Float64Array, j: number, size: number): Float64Array {
  const column = new Float64Array(matrix.length / size)
  for (let i = 0; i < column.length; i++) column[i] = matrix[i * size + j]
  return column
}
