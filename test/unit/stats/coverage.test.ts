import { describe, expect, it } from 'vitest'
import { pearsonStatistics } from '../../../src/kernel/stats/correlation/pearson.ts'
import { spearman, spearmanStatistics } from '../../../src/kernel/stats/correlation/spearman.ts'
import { bootstrap, hasInterval } from '../../../src/kernel/stats/resampling/bootstrap.ts'
import { clusterBy } from '../../../src/kernel/stats/resampling/clusters.ts'
import { createRng, type Rng } from '../../../src/kernel/stats/resampling/rng.ts'

const RUNS = 2000
const IMAGES = 60
const METHODS = 3

/** Standard normal deviates by Box and Muller. */
const normal = (rng: Rng) =>
  Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform())

/** Draws images whose rows are alike in x and in y, and gives each row its pair. */
function sample(rng: Rng, images: number, pair: (u: number, e: number) => [number, number]) {
  const x = new Float64Array(images * METHODS)
  const y = new Float64Array(images * METHODS)
  for (let image = 0; image < images; image++) {
    const [levelX, levelY] = [normal(rng), normal(rng)]
    for (let row = image * METHODS; row < (image + 1) * METHODS; row++) {
      const u = Math.SQRT1_2 * (levelX + normal(rng))
      const e = Math.SQRT1_2 * (levelY + normal(rng))
      ;[x[row], y[row]] = pair(u, e)
    }
  }
  return { x, y }
}

const PEARSON = 0.5 / Math.hypot(0.5, 0.8)
/** Spearman's correlation of bivariate normal numbers (Pearson, 1907). */
const SPEARMAN = (6 / Math.PI) * Math.asin(PEARSON / 2)

const straight = (u: number, e: number): [number, number] => [u, 0.5 * u + 0.8 * e]
/** Monotone in each, so with the same ranks; long tails. */
const skewed = (u: number, e: number): [number, number] => [Math.exp(u), Math.exp(0.5 * u + 0.8 * e)]
/** Scores of 1 to 5 with ties, as a judge gives them. */
const scored = (u: number, e: number): [number, number] => [
  u,
  Math.max(1, Math.min(5, Math.round(2.7 + 0.6 * u + 0.7 * e))),
]

const large = sample(createRng(7), 100_000, scored)

describe('95 % intervals, clustered by image', () => {
  it.each([
    { what: 'SRCC of skewed numbers', statistics: spearmanStatistics, pair: skewed, truth: SPEARMAN },
    {
      what: 'SRCC of scores',
      statistics: spearmanStatistics,
      pair: scored,
      truth: spearman(large.x, large.y),
    },
    { what: 'PLCC of normal numbers', statistics: pearsonStatistics, pair: straight, truth: PEARSON },
  ])(
    'hold the truth in 93 to 97 % of 2,000 samples: $what',
    ({ statistics, pair, truth }) => {
      const rng = createRng(20)
      const clusters = clusterBy(
        Array.from({ length: IMAGES * METHODS }, (_, row) => `${Math.floor(row / METHODS)}`),
      )
      let held = 0
      for (let run = 0; run < RUNS; run++) {
        const { x, y } = sample(rng, IMAGES, pair)
        const [interval] = bootstrap(statistics([x], y, clusters), {
          draws: 1000,
          level: 0.95,
          rng,
        }).intervals
        if (hasInterval(interval) && interval.low <= truth && truth <= interval.high) held++
      }
      expect(held / RUNS).toBeGreaterThanOrEqual(0.93)
      expect(held / RUNS).toBeLessThanOrEqual(0.97)
      console.info(`${(100 * held) / RUNS} % of ${RUNS} intervals hold the truth`)
    },
    600_000,
  )
})
