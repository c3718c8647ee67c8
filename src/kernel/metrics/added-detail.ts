import * as z from 'zod'
import { createPlane, type Plane } from '../images/pixels.ts'
import { gaussianBlur } from './filters/gaussian.ts'
import { sobel } from './filters/sobel.ts'
import { spread } from './filters/spread.ts'
import { defineMetric, type MetricImages, tooSmall } from './metric.ts'

/** Level per pixel at which the overlay is full. */
const FULL = 20
/** Sigma of the overlay's averages, pixels of SR. */
const SMOOTH = 4

/**
 * The share of SR's detail that LR does not show: 1 - r(LR enlarged by bicubic) / r(SR), where r is the root mean square
 * of the Sobel gradient of Y. 0 for an enlargement that adds nothing, 0.5 where the gradients have doubled, negative where
 * SR is smoother than LR enlarged. It does not ask whether what was added is right: `invented-detail` does.
 */
export const addedDetail = defineMetric({
  name: 'added-detail',
  label: 'Added detail',
  summary: 'Share of the detail of SR that LR does not show: 0 adds nothing, 0.5 doubles it.',
  direction: 'none',
  range: [null, 1],
  settings: z.strictObject({}),
  version: '1',
  source:
    'Defined by Mirage: ratio of root mean square Sobel gradients of BT.601 Y, SR against LR enlarged by bicubic',
  needs: () => ['lr'],
  measure(images) {
    const { width, height } = images.sr.pixels
    if (Math.min(width, height) < 3) return tooSmall({ width, height }, 3)
    const share = addedShare(images)
    if (share === undefined) return { value: null, why: 'SR is flat, so nothing was added' }
    return { value: share, map: { range: [0, FULL], plane: () => growth(images) } }
  },
})

/** 1 - r(LR enlarged) / r(SR); undefined where SR is flat. The images must be 3x3 at least. */
export function addedShare(images: MetricImages): number | undefined {
  const { sr, lr } = energies(images)
  const [own, known] = [rootMean(sr), rootMean(lr)]
  return own > 0 ? 1 - known / own : undefined
}

/** Squared gradient of Y at each inner pixel. */
function energies(images: MetricImages): { sr: Plane; lr: Plane } {
  const squared = (plane: Plane) => {
    const { x, y } = sobel(plane)
    return { ...x, data: x.data.map((value, i) => value * value + y.data[i] * y.data[i]) }
  }
  return images.shared('gradient energies', () => ({
    sr: squared(images.sr.luma()),
    lr: squared(images.enlargedLr().luma()),
  }))
}

function rootMean({ data }: Plane): number {
  let sum = 0
  for (const value of data) sum += value
  return Math.sqrt(sum / data.length)
}

/** How much stronger the gradient of SR is around each pixel, in levels per pixel; 0 where it is not. */
export function growth(images: MetricImages): Plane {
  const { width, height } = images.sr.pixels
  const { sr, lr } = energies(images)
  const [own, known] = [gaussianBlur(sr, SMOOTH), gaussianBlur(lr, SMOOTH)]
  const out = createPlane(own.width, own.height)
  for (let i = 0; i < out.data.length; i++)
    out.data[i] = Math.max(0, Math.sqrt(own.data[i]) - Math.sqrt(known.data[i]))
  return spread(out, width, height)
}
