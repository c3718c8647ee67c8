import * as z from 'zod'
import { cropPlane } from './filters/crop.ts'
import { defineMetric, type Measurement, tooSmall } from './metric.ts'
import type { MetricImage } from './metric-image.ts'

export const psnrSettings = {
  on: z
    .enum(['y', 'rgb'])
    .default('y')
    .meta({ description: 'BT.601 luma in studio range, not rounded; or R, G and B together.' }),
  border: z.number().int().min(0).default(0).meta({ description: 'Pixels left out along each side.' }),
}

export const psnr = defineMetric({
  name: 'psnr',
  label: 'PSNR',
  summary: 'Peak signal-to-noise ratio of SR against GT.',
  direction: 'higher',
  range: [0, 80],
  unit: 'dB',
  settings: z.strictObject(psnrSettings),
  version: '1',
  source:
    'PSNR on BT.601 Y with mse + 1e-8, as in IQA-PyTorch (pyiqa), https://github.com/chaofengc/IQA-PyTorch',
  needs: () => ['gt'],
  measure: ({ sr, gt }, settings) => psnrOf(sr, gt!, settings),
})

/** 10 log10(1 / (MSE + 1e-8)) in dB with values scaled so that 8-bit code values span 0..1; 80 dB for equal images. */
export function psnrOf(
  a: MetricImage,
  b: MetricImage,
  { on, border }: { on: 'y' | 'rgb'; border: number },
): Measurement {
  const { width, height } = a.pixels
  if (Math.min(width, height) <= 2 * border) return tooSmall(a.pixels, 2 * border + 1)
  const mse = on === 'y' ? lumaMse(a, b, border) : rgbMse(a, b, border)
  return { value: 10 * Math.log10(1 / (mse + 1e-8)) }
}

function lumaMse(a: MetricImage, b: MetricImage, border: number): number {
  const x = cropPlane(a.luma(), border).data
  const y = cropPlane(b.luma(), border).data
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += (x[i] - y[i]) ** 2
  return sum / x.length / 255 ** 2
}

function rgbMse({ pixels: a }: MetricImage, { pixels: b }: MetricImage, border: number): number {
  const { width, height } = a
  let sum = 0
  for (let c = 0; c < 3; c++) {
    for (let y = border; y < height - border; y++) {
      const row = (c * height + y) * width
      for (let i = row + border; i < row + width - border; i++) sum += (a.data[i] - b.data[i]) ** 2
    }
  }
  return sum / (3 * (width - 2 * border) * (height - 2 * border))
}
