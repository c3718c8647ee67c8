import * as z from 'zod'
import { channelOf, createPixels, createPlane, type Pixels, type Plane } from '../images/pixels.ts'
import { matchHistogram } from './filters/histogram.ts'
import { defineMetric, type MetricImages, tooSmall } from './metric.ts'

const settings = z.strictObject({
  distance: z.enum(['nd', 'l1']).default('nd').meta({
    description: 'Distance of two pixels, mean over R, G, B: |x - y| / (x + y), or |x - y|; values 0..1.',
  }),
  threshold: z
    .number()
    .min(0)
    .default(0.1)
    .meta({ description: 'Pixels where no distance is larger are left out.' }),
  alpha: z.number().positive().default(0.05).meta({ description: 'How fast the three classes part.' }),
  temperature: z
    .number()
    .positive()
    .default(0.25)
    .meta({ description: 'Of the softmin over the three classes.' }),
  border: z.number().int().min(0).default(16).meta({ description: 'Pixels left out along each side.' }),
  harmonize: z
    .boolean()
    .default(true)
    .meta({ description: 'First give SR the histogram of GT, channel by channel.' }),
})
type Settings = z.output<typeof settings>

const SOURCE =
  'In the manner of opensr-test (Aybar et al., "A comprehensive benchmark for optical remote sensing image super-resolution", 2024), https://github.com/ESAOpenSR/opensr-test; here LR is enlarged by bicubic and SR is not shifted'

type Class = 'improvement' | 'omission' | 'hallucination'

function row(name: Class, label: string, summary: string, direction: 'higher' | 'lower') {
  return defineMetric({
    name,
    label,
    summary,
    direction,
    range: [0, 1],
    settings,
    version: '2',
    source: SOURCE,
    needs: () => ['gt', 'lr'],
    measure(images, values) {
      const { width, height } = images.sr.pixels
      if (Math.min(width, height) <= 2 * values.border)
        return tooSmall({ width, height }, 2 * values.border + 1)
      const maps = images.shared(`correctness ${JSON.stringify(values)}`, () => correctness(images, values))
      const plane = maps[name]
      let sum = 0
      let count = 0
      for (const value of plane.data) {
        if (Number.isNaN(value)) continue
        sum += value
        count++
      }
      if (count === 0)
        return { value: null, why: `no pixel differs by more than the threshold ${values.threshold}` }
      return { value: sum / count, map: { range: [0, 1], plane: () => plane } }
    },
  })
}

export const improvement = row(
  'improvement',
  'Improvement',
  'Share of changed pixels at which SR went from LR towards GT.',
  'higher',
)
export const omission = row(
  'omission',
  'Omission',
  'Share of changed pixels at which SR stayed at LR.',
  'lower',
)
export const hallucination = row(
  'hallucination',
  'Hallucination (pixels)',
  'Share of changed pixels at which SR went away from both LR and GT.',
  'lower',
)

/**
 * For each pixel, how much it belongs to improvement, omission and hallucination (they sum to 1). With the distances
 * SR-GT and SR-LR relative to LR-GT (d_im, d_om) and H = d_im + d_om - 1: improvement is near where
 * d_im + d_om (1 - e^(-alpha H)) is small, omission where d_om + d_im (1 - e^(-alpha H)) is, hallucination where
 * e^(-alpha d_im d_om) is; the softmin of the three decides. Pixels that are left out are NaN.
 */
function correctness(images: MetricImages, values: Settings): Record<Class, Plane> {
  const gt = images.gt!.pixels
  const lr = images.enlargedLr().pixels
  const sr = values.harmonize ? harmonized(images.sr.pixels, gt) : images.sr.pixels
  const { width, height } = gt
  const maps = {
    improvement: createPlane(width, height),
    omission: createPlane(width, height),
    hallucination: createPlane(width, height),
  }
  for (const { data } of Object.values(maps)) data.fill(Number.NaN)
  const { alpha, border, temperature, threshold, distance } = values
  for (let y = border; y < height - border; y++) {
    for (let x = border; x < width - border; x++) {
      const i = y * width + x
      const toGt = pixelDistance(sr, gt, i, distance)
      const toLr = pixelDistance(sr, lr, i, distance)
      const between = pixelDistance(lr, gt, i, distance)
      if (between === 0 || Math.max(toGt, toLr, between) <= threshold) continue
      const dIm = toGt / between
      const dOm = toLr / between
      const away = 1 - Math.exp(-alpha * (dIm + dOm - 1))
      const forIm = dIm + dOm * away
      const forOm = dOm + dIm * away
      const forHa = Math.exp(-alpha * dIm * dOm)
      // The smallest is taken off first, so that large scores do not all vanish.
      const least = Math.min(forIm, forOm, forHa)
      const im = Math.exp((least - forIm) / temperature)
      const om = Math.exp((least - forOm) / temperature)
      const ha = Math.exp((least - forHa) / temperature)
      const sum = im + om + ha
      maps.improvement.data[i] = im / sum
      maps.omission.data[i] = om / sum
      maps.hallucination.data[i] = ha / sum
    }
  }
  return maps
}

function pixelDistance(a: Pixels, b: Pixels, i: number, distance: 'nd' | 'l1'): number {
  const size = a.width * a.height
  let sum = 0
  for (let c = 0; c < 3; c++) {
    const p = a.data[c * size + i]
    const q = b.data[c * size + i]
    const difference = Math.abs(p - q)
    sum += distance === 'l1' ? difference : difference / (Math.abs(p + q) + 1e-8)
  }
  return sum / 3
}

function harmonized(image: Pixels, target: Pixels): Pixels {
  const out = createPixels(image.width, image.height)
  for (let c = 0; c < 3; c++) channelOf(out, c).set(matchHistogram(channelOf(image, c), channelOf(target, c)))
  return out
}
