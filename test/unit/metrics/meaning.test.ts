import { expect, test } from 'vitest'
import { resizeBicubic } from '../../../src/kernel/images/bicubic.ts'
import { createPixels, type Pixels, quantize8 } from '../../../src/kernel/images/pixels.ts'
import { metricImages } from '../../../src/kernel/metrics/images.ts'
import type { Measurement } from '../../../src/kernel/metrics/metric.ts'
import { metricByName } from '../../../src/kernel/metrics/registry.ts'
import { bicubicReference } from '../../reference/bicubic.ts'

const SIDE = 192

/** Something with edges and texture; `phase` moves the texture, which makes it another texture of the same kind. */
function scene(phase: number): Pixels {
  const image = createPixels(SIDE, SIDE)
  for (let i = 0; i < image.data.length; i++) {
    const x = i % SIDE
    const y = Math.floor(i / SIDE) % SIDE
    const edge = x + 2 * y > 250 ? 0.3 : 0
    image.data[i] =
      0.35 + edge + 0.12 * Math.sin(1.3 * x + 0.7 * y + phase) + 0.1 * Math.sin(0.9 * y - 1.1 * x + 2 * phase)
  }
  return quantize8(image)
}

const gt = scene(0)
const lr = quantize8(resizeBicubic(gt, SIDE / 4, SIDE / 4))
const blurred = quantize8(resizeBicubic(lr, SIDE, SIDE))
const invented = scene(2.2)

function measure(name: string, sr: Pixels, reference = gt, settings: object = {}): Measurement {
  const metric = metricByName(name)
  const images = metricImages({
    sr: { hash: 'sr', pixels: sr },
    gt: { hash: 'gt', pixels: reference },
    lr: { hash: 'lr', pixels: lr },
  })
  return metric.measure(images, metric.settings.parse(settings)) as Measurement
}

test.each([
  ['psnr', 80],
  ['ssim', 1],
  ['ms-ssim', 1],
  ['gmsd', 0],
  ['sharpness', 1],
  ['unexplained-detail', 0],
  ['detail-agreement', 1],
])('a copy of GT has the best %s there is: %d', (name, best) => {
  expect(measure(name, gt).value).toBeCloseTo(best, 9)
})

test('invented texture is unexplained and does not agree; blur is explained', () => {
  const value = (name: string, sr: Pixels) => measure(name, sr).value!
  expect(value('unexplained-detail', invented)).toBeGreaterThan(3 * value('unexplained-detail', blurred))
  expect(value('detail-agreement', invented)).toBeLessThan(0.5)
  expect(value('hallucination', invented)).toBeGreaterThan(value('hallucination', gt))
  // SR that is LR enlarged leaves out everything; giving it the contrast of GT first would blur that.
  expect(measure('omission', blurred, gt, { harmonize: false }).value).toBeGreaterThan(0.9)
  expect(value('improvement', gt)).toBeGreaterThan(0.9)
})

test('LR consistency is the PSNR of SR, reduced pixel by pixel, against LR', () => {
  const reduced = { width: SIDE / 4, height: SIDE / 4, channels: 3 as const }
  const reference = { ...reduced, data: Float32Array.from(bicubicReference(invented, SIDE / 4, SIDE / 4)) }
  const metric = metricByName('psnr')
  const images = metricImages({ sr: { hash: 'a', pixels: reference }, gt: { hash: 'b', pixels: lr } })
  const expected = (metric.measure(images, metric.settings.parse({})) as Measurement).value!
  expect(measure('lr-consistency', invented).value).toBeCloseTo(expected, 4)
  expect(measure('lr-consistency', gt).value).toBeGreaterThan(50)
  expect(expected).toBeLessThan(50)
})

test('the maps of improvement, omission and hallucination share out every pixel that is counted', () => {
  const maps = ['improvement', 'omission', 'hallucination'].map(
    name => measure(name, invented).map!.plane().data,
  )
  let counted = 0
  for (let i = 0; i < maps[0].length; i++) {
    const sum = maps[0][i] + maps[1][i] + maps[2][i]
    if (Number.isNaN(sum)) continue
    counted++
    expect(sum).toBeCloseTo(1, 9)
  }
  expect(counted).toBeGreaterThan(1000)
  expect(counted).toBeLessThan(maps[0].length)
})

test('where nothing can be said the value is null and the reason is given', () => {
  const flat = createPixels(SIDE, SIDE)
  flat.data.fill(0.5)
  const tiny = createPixels(8, 8)
  expect(measure('sharpness', gt, flat)).toEqual({ value: null, why: 'GT is flat, so nothing is sharper' })
  expect(measure('detail-agreement', gt, flat)).toEqual({
    value: null,
    why: 'one of the images is flat everywhere',
  })
  expect(measure('ssim', tiny, tiny)).toEqual({
    value: null,
    why: 'the image is 8x8; this needs 11x11 at least',
  })
  expect(measure('psnr', tiny, tiny, { border: 4 }).why).toBe('the image is 8x8; this needs 9x9 at least')
  expect(measure('hallucination', tiny, tiny).why).toBe('the image is 8x8; this needs 33x33 at least')
  const same = metricByName('hallucination')
  const images = metricImages({
    sr: { hash: 'a', pixels: flat },
    gt: { hash: 'a', pixels: flat },
    lr: { hash: 'a', pixels: flat },
  })
  expect(same.measure(images, same.settings.parse({}))).toEqual({
    value: null,
    why: 'no pixel differs by more than the threshold 0.1',
  })
})
