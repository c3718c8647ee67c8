import { describe, expect, it } from 'vitest'
import * as distributions from '../../../src/kernel/stats/distributions.ts'
import { fitIsotonic, isotonicAt } from '../../../src/kernel/stats/fits/isotonic.ts'
import { fitLogistic, logisticAt } from '../../../src/kernel/stats/fits/logistic.ts'
import scipy from '../../fixtures/stats/scipy.json' with { type: 'json' }

describe('the logistic curve', () => {
  const x = Float64Array.from(scipy.fits.x)
  const y = Float64Array.from(scipy.fits.y)

  it.each([
    [4, scipy.fits.logistic4],
    [5, scipy.fits.logistic5],
  ] as const)("with %i parameters equals SciPy's curve_fit", (form, expected) => {
    const fit = fitLogistic(x, y, form)!
    expect(fit.converged).toBe(true)
    x.forEach((value, i) => {
      expect(Math.abs(logisticAt(fit, value) - expected[i])).toBeLessThan(1e-4)
    })
  })

  it('does not depend on the units of x and y', () => {
    const plain = fitLogistic(x, y, 4)!
    const scaled = fitLogistic(
      x.map(value => 1e4 * value + 7),
      y.map(value => 0.01 * value),
      4,
    )!
    expect(logisticAt(scaled, 1e4 * 3 + 7)).toBeCloseTo(0.01 * logisticAt(plain, 3), 6)
  })

  it('is refused for a constant column and for too few rows', () => {
    expect(fitLogistic(x, new Float64Array(x.length).fill(3), 4)).toBeUndefined()
    expect(fitLogistic(x.slice(0, 4), y.slice(0, 4), 4)).toBeUndefined()
  })
})

describe('the isotonic fit', () => {
  const x = Float64Array.from(scipy.isotonic.x)
  const y = Float64Array.from(scipy.isotonic.y)

  it.each([
    [false, scipy.isotonic.decreasing],
    [true, scipy.isotonic.increasing],
  ] as const)("equals SciPy's (increasing: %s)", (increasing, expected) => {
    const fit = fitIsotonic(x, y, increasing)
    x.forEach((value, i) => {
      expect(isotonicAt(fit, value)).toBeCloseTo(expected[i], 10)
    })
  })

  it('is level outside of what it saw', () => {
    const fit = fitIsotonic(Float64Array.of(2, 1, 3), Float64Array.of(20, 10, 30), true)
    expect([0, 1, 1.5, 9].map(at => isotonicAt(fit, at))).toEqual([10, 10, 15, 30])
  })
})

describe('distributions', () => {
  it('equal those of SciPy', () => {
    const { z, p, ...expected } = scipy.distributions
    const close = (actual: number, wanted: number) => expect(Math.abs(actual / wanted - 1)).toBeLessThan(1e-8)
    z.forEach((value, i) => {
      close(distributions.normalBelow(value), expected.normalBelow[i])
      close(distributions.tTwoSided(value, 7), expected.tTwoSided7[i])
    })
    p.forEach((value, i) => {
      close(distributions.normalAt(value), expected.normalAt[i])
      close(distributions.tAt(value, 7), expected.tAt7[i])
      close(distributions.fAt(value, 5, 12.3), expected['fAt5and12.3'][i])
    })
  })
})
