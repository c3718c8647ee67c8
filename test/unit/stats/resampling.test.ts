import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { centred, dot, pearson, pearsonStatistics } from '../../../src/kernel/stats/correlation/pearson.ts'
import { bcaInterval } from '../../../src/kernel/stats/resampling/bca.ts'
import { bootstrap, hasInterval } from '../../../src/kernel/stats/resampling/bootstrap.ts'
import { clusterBy, unclustered } from '../../../src/kernel/stats/resampling/clusters.ts'
import { holm } from '../../../src/kernel/stats/resampling/holm.ts'
import { exchanger, permuting } from '../../../src/kernel/stats/resampling/permutation.ts'
import { permutationLimit } from '../../../src/kernel/stats/resampling/permutation-limit.ts'
import { createRng, splitMix64, xoshiro128 } from '../../../src/kernel/stats/resampling/rng.ts'
import { finish } from '../../../src/kernel/stats/work.ts'
import scipy from '../../fixtures/stats/scipy.json' with { type: 'json' }
import statsmodels from '../../fixtures/stats/statsmodels.json' with { type: 'json' }

describe('the random number generator', () => {
  it('gives the published outputs of xoshiro128** for the state 1, 2, 3, 4', () => {
    // From the tests of the rand_xoshiro crate, made with the authors' C code.
    const rng = xoshiro128([1, 2, 3, 4])
    expect(Array.from({ length: 10 }, () => rng.uint32())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ])
  })

  it('is seeded by SplitMix64 with its published outputs', () => {
    // The sequence for seed 1234567 that Rosetta Code and the authors' C code give.
    const next = splitMix64(1234567n)
    expect(Array.from({ length: 5 }, () => next())).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ])
  })

  it('draws integers evenly', () => {
    const rng = createRng(1)
    const counts = new Float64Array(6)
    for (let i = 0; i < 60_000; i++) counts[rng.below(6)]++
    const chi2 = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    // The 99.9 % point of chi-square with 5 degrees of freedom.
    expect(chi2).toBeLessThan(20.5)
  })
})

describe('the bootstrap', () => {
  it("turns draws into SciPy's BCa interval", () => {
    const { draws, estimate, jackknife, low, high } = scipy.bca
    const interval = bcaInterval(Float64Array.from(draws), estimate, Float64Array.from(jackknife), 0.95)
    expect(interval.low).toBeCloseTo(low, 10)
    expect(interval.high).toBeCloseTo(high, 10)
  })

  const rng = createRng(3)
  const x = Float64Array.from({ length: 60 }, () => rng.uniform())
  const y = x.map(value => value + rng.uniform())
  const settings = { draws: 400, level: 0.95 }

  it('repeats itself for a seed and holds the estimate', () => {
    const run = (seed: number) =>
      bootstrap(pearsonStatistics([x], y, unclustered(60)), { ...settings, rng: createRng(seed) })
    expect(run(5)).toEqual(run(5))
    expect(run(5).draws).not.toEqual(run(6).draws)
    const [interval] = run(5).intervals
    expect(hasInterval(interval) && interval.low < pearson(x, y) && pearson(x, y) < interval.high).toBe(true)
  })

  it('is not fooled by rows that repeat each other within an image', () => {
    const fourTimes = (values: Float64Array) => Float64Array.from({ length: 240 }, (_, i) => values[i % 60])
    const images = clusterBy(Array.from({ length: 240 }, (_, i) => `image ${i % 60}`))
    const widths = [unclustered(240), images].map(clusters => {
      const statistics = pearsonStatistics([fourTimes(x)], fourTimes(y), clusters)
      const [interval] = bootstrap(statistics, { ...settings, rng: createRng(5) }).intervals
      return hasInterval(interval) ? interval.high - interval.low : Number.NaN
    })
    // Without clusters the same 60 rows would pass for 240 and the interval would shrink by half.
    expect(widths[1] / widths[0]).toBeGreaterThan(1.7)
  })

  it('says why there is no interval', () => {
    const flat = new Float64Array(60).fill(0.1)
    const reasons = [
      bootstrap(pearsonStatistics([flat], y, unclustered(60)), { ...settings, rng }),
      bootstrap(pearsonStatistics([x], y, clusterBy(new Array(60).fill('one'))), { ...settings, rng }),
    ].map(result => result.intervals[0])
    expect(reasons).toEqual([
      { reason: 'the statistic is undefined' },
      { reason: '1 clusters are too few to resample' },
    ])
  })
})

describe('a permutation test', () => {
  it('exchanges rows only where its hypothesis allows', () => {
    const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(keys, fc.integer(), (images, seed) => {
        const clusters = clusterBy(images)
        const permutation = new Int32Array(images.length)
        exchanger(clusters, 'rows', createRng(seed))(permutation)
        expect([...permutation].sort((a, b) => a - b)).toEqual(images.map((_, row) => row))
        permutation.forEach((from, to) => {
          expect(images[from]).toBe(images[to])
        })
        exchanger(clusters, 'images', createRng(seed))(permutation)
        expect([...permutation].sort((a, b) => a - b)).toEqual(images.map((_, row) => row))
        // Rows that shared an image still share one.
        const arrived = new Map<string, Set<string>>()
        permutation.forEach((from, to) => {
          arrived.set(images[from], (arrived.get(images[from]) ?? new Set()).add(images[to]))
        })
        for (const target of arrived.values()) expect(target.size).toBe(1)
      }),
    )
  })

  it('gives p that is even under the hypothesis', () => {
    const rng = createRng(11)
    const images = clusterBy(Array.from({ length: 24 }, (_, i) => `${i >> 1}`))
    let below = 0
    const runs = 400
    for (let run = 0; run < runs; run++) {
      const [x, y] = [0, 1].map(() => {
        const levels = Float64Array.from({ length: 12 }, () => 2 * rng.uniform())
        return Float64Array.from({ length: 24 }, (_, i) => levels[i >> 1] + 0.3 * rng.uniform())
      })
      const steps = permuting(
        1,
        (permutation, out) => {
          out[0] = pearson(
            x,
            Float64Array.from(permutation, row => y[row]),
          )
        },
        images,
        { permutations: 99, exchange: 'images', rng },
      )
      if (finish(steps)[0] <= 0.1) below++
    }
    // Images have levels of their own here; a free shuffle of rows would give about 0.25.
    expect(below / runs).toBeGreaterThan(0.06)
    expect(below / runs).toBeLessThan(0.14)
  })

  it('has the normal limit with the mean and variance of its exchanges', () => {
    const rng = createRng(4)
    const clusters = clusterBy(Array.from({ length: 300 }, (_, i) => `${i < 200 ? i >> 1 : i}`))
    const values = (period: number) =>
      centred(Float64Array.from(clusters.of, c => (c % period) / period + rng.uniform()))
    const x = values(7)
    const y = values(5).map((value, row) => value + 0.08 * x[row])
    for (const exchange of ['rows', 'images'] as const) {
      const steps = permuting(
        1,
        (permutation, out) => {
          out[0] = dot(
            x,
            y.map((_, row) => y[permutation[row]]),
          )
        },
        clusters,
        { permutations: 4000, exchange, rng },
      )
      const [drawn] = finish(steps)
      // Four standard errors of the drawn p.
      expect(Math.abs(permutationLimit(x, y, clusters, exchange) - drawn)).toBeLessThan(
        4 * Math.sqrt((drawn * (1 - drawn)) / 4000) + 1e-3,
      )
      expect(drawn).toBeGreaterThan(0.005)
      expect(drawn).toBeLessThan(0.9)
    }
  })

  it("is adjusted for many tests as in statsmodels' Holm", () => {
    const { p, adjusted } = statsmodels.holm
    holm(p).forEach((value, k) => {
      expect(value).toBeCloseTo(adjusted[k], 12)
    })
    expect(holm([0.01, Number.NaN, 0.02])).toEqual([0.02, Number.NaN, 0.02])
  })
})
