import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { centreWithin } from '../../../src/kernel/stats/correlation/centre.ts'
import { meng, steiger } from '../../../src/kernel/stats/correlation/dependent.ts'
import { kendall, kendallStatistics } from '../../../src/kernel/stats/correlation/kendall.ts'
import { partialStatistics } from '../../../src/kernel/stats/correlation/partial.ts'
import { pearson, pearsonStatistics } from '../../../src/kernel/stats/correlation/pearson.ts'
import { midranks } from '../../../src/kernel/stats/correlation/ranks.ts'
import { spearman, spearmanStatistics } from '../../../src/kernel/stats/correlation/spearman.ts'
import { clusterBy, unclustered } from '../../../src/kernel/stats/resampling/clusters.ts'
import { evaluated } from '../../../src/kernel/stats/resampling/statistic.ts'
import scipy from '../../fixtures/stats/scipy.json' with { type: 'json' }
import statsmodels from '../../fixtures/stats/statsmodels.json' with { type: 'json' }

const column = (values: readonly number[]) => Float64Array.from(values)

describe('correlation', () => {
  it.each(scipy.correlations)('equals SciPy on $name data', ({ x, y, ranks, ...expected }) => {
    const [a, b] = [column(x), column(y)]
    expect([...midranks(a)]).toEqual(ranks)
    expect(pearson(a, b)).toBeCloseTo(expected.pearson, 12)
    expect(spearman(a, b)).toBeCloseTo(expected.spearman, 12)
    expect(kendall(a, b)).toBeCloseTo(expected.kendall, 12)
  })

  it('is undefined for a constant column and for no rows', () => {
    const constant = column([0.1, 0.1, 0.1, 0.1])
    const other = column([1, 2, 3, 4])
    for (const coefficient of [pearson, spearman, kendall]) {
      expect(coefficient(constant, other)).toBeNaN()
      expect(coefficient(other, constant)).toBeNaN()
      expect(coefficient(column([]), column([]))).toBeNaN()
    }
  })

  it('of a weighted sample is that of a sample with its rows repeated', () => {
    const sample = fc.integer({ min: 3, max: 24 }).chain(n =>
      fc.record({
        // Few distinct values, so ties are common.
        x: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: n, maxLength: n }),
        z: fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: n, maxLength: n }),
        y: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: n, maxLength: n }),
        image: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: n, maxLength: n }),
        weights: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 5 }),
      }),
    )
    fc.assert(
      fc.property(sample, ({ x, z, y, image, weights }) => {
        const clusters = clusterBy(image)
        const repeated = (values: number[]) =>
          column(values.flatMap((value, row) => new Array<number>(weights[clusters.of[row]]).fill(value)))
        const cases = [
          [pearsonStatistics, pearson],
          [spearmanStatistics, spearman],
          [kendallStatistics, bruteKendall],
        ] as const
        for (const [statistics, reference] of cases) {
          const out = evaluated(statistics([column(x), column(z)], column(y), clusters), weights)
          ;[x, z].forEach((values, j) => {
            const expected = reference(repeated(values), repeated(y))
            if (Number.isNaN(expected)) expect(out[j]).toBeNaN()
            else expect(out[j]).toBeCloseTo(expected, 7)
          })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('given other columns equals that of the residuals of statsmodels', () => {
    const { x, y, given, ...expected } = statsmodels.partial
    const others = given.map(column)
    const clusters = unclustered(x.length)
    const partial = (coefficient: typeof pearsonStatistics) =>
      evaluated(partialStatistics(coefficient, [column(x)], column(y), others, clusters))[0]
    expect(partial(pearsonStatistics)).toBeCloseTo(expected.pearson, 10)
    expect(partial(spearmanStatistics)).toBeCloseTo(expected.spearman, 10)
  })

  it('given a column that explains x wholly is undefined', () => {
    const x = column([1, 2, 4, 3, 5])
    const partial = partialStatistics(pearsonStatistics, [x], column([2, 1, 4, 5, 3]), [x], unclustered(5))
    expect(evaluated(partial)[0]).toBeNaN()
  })

  it('within images forgets the level of each image', () => {
    const images = clusterBy(['a', 'a', 'b', 'b', 'c', 'c'])
    const x = column([1, 2, 11, 12, 21, 22])
    const y = column([2, 1, 12, 11, 22, 21])
    expect(spearman(x, y)).toBeGreaterThan(0.8)
    expect(spearman(centreWithin(x, images), centreWithin(y, images))).toBe(-1)
  })
})

describe('two dependent correlations', () => {
  // Printed by R's cocor 1.1-3 (`cocor.dep.groups.overlap`) in two published analyses; inputs rounded to 4 digits.
  it.each([
    [0.0228, 0.3522, 0.3718, 553, -7.1345],
    [0.2493, 0.3395, 0.4082, 553, -2.066],
    [0.1724, 0.1795, 0.5387, 646, -0.1909],
    [-0.1741, 0.2015, 0.3734, 646, -8.6124],
  ])("compare by Steiger's test as in cocor: %f against %f", (r1, r2, r12, n, z) => {
    expect(Math.abs(steiger(r1, r2, r12, n).z - z)).toBeLessThan(2e-3)
  })

  it.each([
    [0.1724, 0.1795, 0.5387, 646, -0.1909],
    [-0.1741, 0.2015, 0.3734, 646, -8.508],
  ])("compare by Meng's test as in cocor: %f against %f", (r1, r2, r12, n, z) => {
    expect(Math.abs(meng(r1, r2, r12, n).z - z)).toBeLessThan(2e-3)
  })

  it('do not differ from themselves', () => {
    expect(steiger(0.4, 0.4, 0.2, 50)).toEqual({ z: 0, p: 1 })
    expect(meng(0.4, 0.4, 0.2, 50)).toEqual({ z: 0, p: 1 })
  })
})

function bruteKendall(x: Float64Array, y: Float64Array): number {
  let surplus = 0
  let untiedX = 0
  let untiedY = 0
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) {
      const a = Math.sign(x[i] - x[j])
      const b = Math.sign(y[i] - y[j])
      surplus += a * b
      untiedX += a * a
      untiedY += b * b
    }
  return untiedX && untiedY ? surplus / Math.sqrt(untiedX * untiedY) : Number.NaN
}
