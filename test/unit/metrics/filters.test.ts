import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Plane } from '../../../src/kernel/images/pixels.ts'
import { boxMeans } from '../../../src/kernel/metrics/filters/box.ts'
import { gaussianBlur } from '../../../src/kernel/metrics/filters/gaussian.ts'
import { halve } from '../../../src/kernel/metrics/filters/halve.ts'
import { matchHistogram } from '../../../src/kernel/metrics/filters/histogram.ts'
import { percentile } from '../../../src/kernel/metrics/filters/percentile.ts'
import { spread } from '../../../src/kernel/metrics/filters/spread.ts'
import { structure } from '../../../src/kernel/metrics/filters/structure.ts'
import {
  boxMeansReference,
  gaussianBlurReference,
  matchHistogramReference,
  structureReference,
} from '../../reference/filters.ts'

const level = fc.integer({ min: 0, max: 255 })
const sides = (min: number, max: number) =>
  fc.record({ width: fc.integer({ min, max }), height: fc.integer({ min, max }) })
const planeOf = (width: number, height: number) =>
  fc
    .array(level, { minLength: width * height, maxLength: width * height })
    .map((values): Plane => ({ width, height, data: Float64Array.from(values) }))
const plane = (min: number, max: number) =>
  sides(min, max).chain(({ width, height }) => planeOf(width, height))

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, digits: number): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i], digits)
}

test('the separable blur equals the two-dimensional one, also where the image is smaller than the kernel', () => {
  fc.assert(
    fc.property(plane(1, 9), fc.double({ min: 0.3, max: 2.5, noNaN: true }), (image, sigma) => {
      expectClose(gaussianBlur(image, sigma).data, gaussianBlurReference(image, sigma), 8)
    }),
    { numRuns: 40 },
  )
})

test('sliding window means equal means window by window', () => {
  fc.assert(
    fc.property(plane(1, 14), fc.integer({ min: 1, max: 14 }), (image, side) => {
      fc.pre(side <= Math.min(image.width, image.height))
      expectClose(boxMeans(image, side).data, boxMeansReference(image, side), 9)
    }),
    { numRuns: 60 },
  )
})

test('SSIM by rows and rings equals SSIM window by window', () => {
  const pair = sides(11, 26).chain(({ width, height }) =>
    fc.tuple(planeOf(width, height), planeOf(width, height)),
  )
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const windows = structureReference(a, b)
      const map = new Float64Array(windows.length)
      const { ssim, contrastStructure } = structure(a, b, map)
      expectClose(
        map,
        windows.map(window => window.ssim),
        9,
      )
      expect(ssim).toBeCloseTo(windows.reduce((sum, window) => sum + window.ssim, 0) / windows.length, 9)
      expect(contrastStructure).toBeCloseTo(
        windows.reduce((sum, window) => sum + window.cs, 0) / windows.length,
        9,
      )
    }),
    { numRuns: 15 },
  )
})

test('a selected percentile equals the sorted one', () => {
  const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 100, noNaN: true }), (list, q) => {
      const sorted = [...list].sort((a, b) => a - b)
      const at = (q / 100) * (list.length - 1)
      const expected = sorted[Math.floor(at)] * (1 - (at % 1)) + (sorted[Math.ceil(at)] ?? 0) * (at % 1)
      expect(percentile(Float64Array.from(list), q)).toBeCloseTo(expected, 9)
    }),
  )
})

test('histogram matching by levels equals matching value by value', () => {
  const values = fc.array(level, { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(values, values, (own, target) => {
      const asValues = (list: number[]) => Float32Array.from(list, value => value / 255)
      const matched = matchHistogram(asValues(own), asValues(target))
      expectClose(
        matched.map(value => value * 255),
        matchHistogramReference(own, target),
        3,
      )
    }),
  )
})

test('halving averages blocks of four, and says what stands beyond an odd edge', () => {
  const image: Plane = { width: 3, height: 3, data: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) }
  expect([...halve(image).data]).toEqual([3, 4.5, 7.5, 9])
  expect([...halve(image, 'zero').data]).toEqual([3, 9 / 4, 15 / 4, 9 / 4])
})

test('a plane of windows is centred on the pixels, and its edge repeats', () => {
  const windows: Plane = { width: 2, height: 1, data: Float64Array.of(1, 2) }
  expect([...spread(windows, 5, 2).data]).toEqual([1, 1, 2, 2, 2, 1, 1, 2, 2, 2])
})
