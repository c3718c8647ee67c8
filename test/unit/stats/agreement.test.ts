import { describe, expect, it } from 'vitest'
import { icc } from '../../../src/kernel/stats/agreement/icc.ts'
import { krippendorff } from '../../../src/kernel/stats/agreement/krippendorff.ts'

describe('the intraclass correlation', () => {
  // Shrout and Fleiss 1979, table 2: six targets, four judges. Coefficients from their table 4; more digits and the
  // intervals from the documentation of R's psych::ICC, which reproduces them.
  const ratings = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
  ]

  it('equals the example of Shrout and Fleiss', () => {
    const result = icc(ratings)!
    expect(result.icc21).toBeCloseTo(0.29, 2)
    expect(result.icc31).toBeCloseTo(0.71, 2)
    expect(result.icc2k).toBeCloseTo(0.62, 2)
    expect(result.interval21[0]).toBeCloseTo(0.019, 3)
    expect(result.interval21[1]).toBeCloseTo(0.76, 2)
    expect(result.interval31[0]).toBeCloseTo(0.34, 2)
    expect(result.interval31[1]).toBeCloseTo(0.95, 2)
    expect([result.targets, result.raters]).toEqual([6, 4])
  })

  it('is 1 for raters who agree, and undefined where nothing varies', () => {
    expect(icc(ratings.map(([a]) => [a, a, a]))).toMatchObject({ icc21: 1, icc31: 1, interval21: [1, 1] })
    expect(
      icc([
        [3, 3],
        [3, 3],
      ]),
    ).toBeUndefined()
    expect(icc([[1, 2, 3]])).toBeUndefined()
  })
})

describe("Krippendorff's alpha", () => {
  // Krippendorff 2011, section C and D: four observers, twelve units, missing ratings.
  const observers = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
  ]
  const units = observers[0].map((_, u) => observers.map(row => row[u]).filter(value => value > 0))

  it('equals the published example at every level', () => {
    expect(krippendorff(units, 'nominal')).toBeCloseTo(0.743, 3)
    expect(krippendorff(units, 'ordinal')).toBeCloseTo(0.815, 3)
    expect(krippendorff(units, 'interval')).toBeCloseTo(0.849, 3)
  })

  it('is undefined without two different ratings', () => {
    expect(krippendorff([[1], [2]], 'interval')).toBeUndefined()
    expect(
      krippendorff(
        [
          [2, 2],
          [2, 2],
        ],
        'interval',
      ),
    ).toBeUndefined()
  })
})
