import { describe, expect, test } from 'vitest'
import { resizeBicubic } from '../../../src/kernel/images/bicubic.ts'
import { createPixels, type Pixels } from '../../../src/kernel/images/pixels.ts'
import { metricImages } from '../../../src/kernel/metrics/images.ts'
import type { Measurement } from '../../../src/kernel/metrics/metric.ts'
import { metricByName } from '../../../src/kernel/metrics/registry.ts'

const SIDE = 128

/** Grey values of each pixel, alike in all channels. */
function draw(value: (x: number, y: number) => number): Pixels {
  const image = createPixels(SIDE, SIDE)
  for (let i = 0; i < image.data.length; i++) image.data[i] = value(i % SIDE, Math.floor(i / SIDE) % SIDE)
  return image
}

/** Stripes of a period in pixels whose gradient points along `degrees`. */
const stripes = (degrees: number, period = 16, contrast = 0.2) => {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  return draw((x, y) => 0.5 + contrast * Math.sin((2 * Math.PI * (c * x + s * y)) / period))
}

/** Random values that are the same each time, in cells of `size` pixels. */
const noise = (size: number) =>
  draw((x, y) => {
    const cell = Math.floor(x / size) * 7919 + Math.floor(y / size) * 104_729
    return ((Math.imul(cell ^ (cell >>> 7), 0x45d9f3b) >>> 8) % 1000) / 1000
  })

function measure(name: string, images: { sr: Pixels; gt?: Pixels; lr?: Pixels }, settings: object = {}) {
  const metric = metricByName(name)
  const of = (hash: string, pixels: Pixels | undefined) => pixels && { hash, pixels }
  const found = metric.measure(
    metricImages({ sr: of('sr', images.sr)!, gt: of('gt', images.gt), lr: of('lr', images.lr) }),
    metric.settings.parse(settings),
  ) as Measurement
  return found
}

const reduce = (image: Pixels) => resizeBicubic(image, SIDE / 4, SIDE / 4)
const value = (...args: Parameters<typeof measure>) => measure(...args).value!

describe('orientation', () => {
  test.each([0, 15, 30, 45, 60, 90])(
    'of stripes turned by %d degrees is 1 - cos of twice the angle',
    angle => {
      const expected = 1 - Math.cos((2 * angle * Math.PI) / 180)
      // Borders, where the window is mirrored, pull towards the axes.
      expect(Math.abs(value('orientation', { sr: stripes(angle), gt: stripes(0) }) - expected)).toBeLessThan(
        0.05,
      )
    },
  )

  test('neither contrast, blur nor sharpness turns anything', () => {
    const gt = stripes(30)
    expect(value('orientation', { sr: gt, gt })).toBeCloseTo(0, 12)
    for (const contrast of [0.05, 0.4])
      expect(value('orientation', { sr: stripes(30, 16, contrast), gt })).toBeLessThan(0.01)
  })

  test('of unrelated texture is about 1', () => {
    const found = value('orientation', { sr: noise(4), gt: stripes(0) }, { sigma: 4 })
    expect(found).toBeGreaterThan(0.7)
    expect(found).toBeLessThan(1.3)
  })
})

describe('added detail', () => {
  test('is 0 for an enlargement, half where gradients are twice as strong, negative for a blur', () => {
    const lr = reduce(stripes(0, 32))
    const sr = resizeBicubic(lr, SIDE, SIDE)
    expect(value('added-detail', { sr, lr })).toBeCloseTo(0, 9)
    const twice = draw((x, y) => 0.5 + 2 * (sr.data[y * SIDE + x] - 0.5))
    expect(value('added-detail', { sr: twice, lr })).toBeCloseTo(0.5, 6)
    const weak = draw((x, y) => 0.5 + 0.5 * (sr.data[y * SIDE + x] - 0.5))
    expect(value('added-detail', { sr: weak, lr })).toBeCloseTo(-1, 6)
  })
})

describe('clutter', () => {
  test('tells straight edges from structure that goes everywhere, whatever SR is', () => {
    const edges = value('clutter', { sr: noise(1), lr: reduce(stripes(20, 32)) })
    const everywhere = value('clutter', { sr: stripes(0), lr: reduce(noise(4)) })
    expect(edges).toBeLessThan(0.1)
    expect(everywhere).toBeGreaterThan(0.3)
  })
})

describe('invented detail', () => {
  const gt = stripes(0, 6)
  const lr = reduce(gt)

  test('is 0 for a copy of GT and for an enlargement, and what was added where all of it is turned', () => {
    expect(value('invented-detail', { sr: gt, gt, lr })).toBeCloseTo(0, 12)
    expect(value('invented-detail', { sr: resizeBicubic(lr, SIDE, SIDE), gt, lr })).toBeLessThan(0.01)
    const wrong = { sr: stripes(90, 6), gt, lr }
    const added = value('added-detail', wrong)
    expect(added).toBeGreaterThan(0.5)
    expect(value('invented-detail', wrong) / added).toBeGreaterThan(0.99)
  })

  test('is added detail times o / (o + half)', () => {
    const images = { sr: stripes(20, 6), gt, lr }
    const [a, o] = [value('added-detail', images), value('orientation', images)]
    expect(value('invented-detail', images, { half: 0.1 })).toBeCloseTo((a * o) / (o + 0.1), 12)
  })

  test('shows where: in the half of the picture that was redrawn', () => {
    const right = stripes(90, 6)
    const sr = draw((x, y) => (x < SIDE / 2 ? gt : right).data[y * SIDE + x])
    const { data } = measure('invented-detail', { sr, gt, lr }).map!.plane()
    let [left, redrawn] = [0, 0]
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) {
        if (x < SIDE / 2 - 24) left += data[y * SIDE + x]
        if (x >= SIDE / 2 + 24) redrawn += data[y * SIDE + x]
      }
    expect(redrawn).toBeGreaterThan(20 * left)
  })
})

test('what is flat or too small has no value, and the reason is said', () => {
  const flat = draw(() => 0.5)
  expect(measure('added-detail', { sr: flat, lr: reduce(flat) })).toEqual({
    value: null,
    why: 'SR is flat, so nothing was added',
  })
  expect(measure('invented-detail', { sr: flat, gt: stripes(0), lr: reduce(flat) }).value).toBe(0)
  expect(measure('invented-detail', { sr: stripes(0), gt: flat, lr: reduce(flat) }).why).toBe('GT is flat')
  expect(measure('clutter', { sr: flat, lr: reduce(flat) }).why).toBe('LR is flat')
  const tiny = createPixels(4, 4)
  expect(measure('orientation', { sr: tiny, gt: tiny }).why).toMatch(/4x4; this needs 6x6/)
})
