import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crossValidated } from '../../../src/kernel/stats/calibration/cross-validate.ts'
import { type CalibrationForm, fitCalibration } from '../../../src/kernel/stats/calibration/fit.ts'
import { calibrationModel, estimate } from '../../../src/kernel/stats/calibration/model.ts'
import { spearman } from '../../../src/kernel/stats/correlation/spearman.ts'
import { clusterBy } from '../../../src/kernel/stats/resampling/clusters.ts'
import { createRng } from '../../../src/kernel/stats/resampling/rng.ts'

const rng = createRng(5)
const column = (name: string, values: readonly number[] | Float64Array) => ({
  name,
  values: Float64Array.from(values),
})
const noise = (count: number) => Float64Array.from({ length: count }, () => rng.uniform())
const forms: CalibrationForm[] = ['linear', 'isotonic', 'logistic']

describe('a calibration', () => {
  it('finds the plane that made the numbers', () => {
    const [a, b] = [noise(50), noise(50)]
    const y = a.map((value, i) => 2 + 3 * value - 4 * b[i])
    const settings = { form: 'linear', range: null, ridge: 0 } as const
    const model = fitCalibration([column('a', a), column('b', b)], column('y', y), settings)!
    expect(estimate(model, [0.2, 0.9])).toBeCloseTo(2 + 0.6 - 3.6, 8)
  })

  it.each(forms)('never turns a better row into a worse estimate, and stays on the scale (%s)', form => {
    const x = noise(40)
    const y = x.map(value => Math.max(1, Math.min(5, Math.round(6 - 5 * value + rng.uniform()))))
    const model = fitCalibration([column('x', x)], column('hs', y), { form, range: [1, 5], ridge: 1 })!
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (at, more) => {
          const [low, high] = [estimate(model, [at + more]), estimate(model, [at])]
          expect(low).toBeLessThanOrEqual(high + 1e-9)
          expect(low).toBeGreaterThanOrEqual(1)
          expect(high).toBeLessThanOrEqual(5)
        },
      ),
    )
  })

  it.each(forms)('survives being written down (%s)', form => {
    const x = noise(30)
    const settings = { form, range: [1, 5], ridge: 1 } as const
    const model = fitCalibration(
      [column('x', x)],
      column(
        'hs',
        x.map(value => 5 - 3 * value),
      ),
      settings,
    )!
    const read = calibrationModel.parse(JSON.parse(JSON.stringify(model)))
    for (const at of [0, 0.37, 1]) expect(estimate(read, [at])).toBe(estimate(model, [at]))
  })

  it('is refused where nothing varies, and gives no estimate where a column is missing', () => {
    const flat = column('x', new Float64Array(9).fill(2))
    const settings = { form: 'linear', range: null, ridge: 1 } as const
    expect(fitCalibration([flat], column('y', noise(9)), settings)).toBeUndefined()
    const model = fitCalibration([column('x', noise(9))], column('y', noise(9)), settings)!
    expect(estimate(model, [Number.NaN])).toBeNaN()
  })
})

describe('cross-validation by image', () => {
  // Each image has its own code, which tells the score of its rows and nothing about other images.
  const images = Array.from({ length: 40 }, (_, row) => `${row >> 2}`)
  const clusters = clusterBy(images)
  const settings = { form: 'linear', range: null, ridge: 0.1 } as const

  it('gives no credit for knowing the image', () => {
    const level = noise(10)
    const y = column(
      'y',
      images.map((_, row) => level[row >> 2]),
    )
    const codes = Array.from({ length: 9 }, (_, k) =>
      column(
        `${k}`,
        images.map((_, row) => (row >> 2 === k ? 1 : 0)),
      ),
    )
    const model = fitCalibration(codes, y, settings)!
    const seen = y.values.map((_, row) =>
      estimate(
        model,
        codes.map(({ values }) => values[row]),
      ),
    )
    const unseen = crossValidated(codes, y, clusters, settings, 5, createRng(1))
    expect(spearman(seen, y.values)).toBeGreaterThan(0.9)
    expect(spearman(unseen, y.values)).toBeLessThan(0.3)
  })

  it('finds what does carry over, and estimates every row once', () => {
    const x = noise(40)
    const y = column(
      'y',
      x.map(value => value + 0.1 * rng.uniform()),
    )
    const unseen = crossValidated([column('x', x)], y, clusters, settings, 5, createRng(1))
    expect(unseen.every(Number.isFinite)).toBe(true)
    expect(spearman(unseen, y.values)).toBeGreaterThan(0.9)
  })
})
