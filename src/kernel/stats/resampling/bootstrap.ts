import { bcaInterval, type Interval } from './bca.ts'
import type { Rng } from './rng.ts'
import { type ClusterStatistics, estimates } from './statistic.ts'

export interface BootstrapOptions {
  /** Number of bootstrap samples. */
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
): Generator<number, Bootstrap> {
  const { size, clusters } = statistics
  const estimate = estimates(statistics)
  const weights = new Float64Array(clusters)
  const out = new Float64Array(size)
  const all = new Float64Array(draws * size)
  const jackknife = leftOut(clusters)
  const work = draws + jackknife.length
  for (let b = 0; b < draws && clusters > 0; b++) {
    weights.fill(0)
    for (let c = 0; c < clusters; c++) weights[rng.below(clusters)]++
    statistics.evaluate(weights, out)
    all.set(out, b * size)
    yield (b + 1) / work
  }
  const without = new Float64Array(jackknife.length * size)
  for (const [g, [from, to]] of jackknife.entries()) {
    weights.fill(1).fill(0, from, to)
    statistics.evaluate(weights, out)
    without.set(out, g * size)
    yield (draws + g + 1) / work
  }
  const intervals = Array.from({ length: size }, (_, j) => {
    if (Number.isNaN(estimate[j])) return { reason: 'the statistic is undefined' }
    if (clusters < FEWEST_CLUSTERS) return { reason: `${clusters} clusters are too few to resample` }
    const drawn = strided(all, j, size).filter(Number.isFinite)
    const undefinedDraws = draws - drawn.length
    if (undefinedDraws > UNDEFINED_ALLOWED * draws)
      return { reason: `undefined in ${undefinedDraws} of ${draws} bootstrap samples` }
    return bcaInterval(drawn, estimate[j], strided(without, j, size).filter(Number.isFinite), level)
  })
  return { estimates: estimate, intervals, draws: all }
}

/** Bootstraps at one go. */
export function bootstrap(statistics: ClusterStatistics, options: BootstrapOptions): Bootstrap {
  const steps = bootstrapping(statistics, options)
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
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
