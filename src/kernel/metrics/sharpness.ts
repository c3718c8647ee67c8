import * as z from 'zod'
import type { Plane } from '../images/pixels.ts'
import { defineMetric, tooSmall } from './metric.ts'

/** Mean absolute Laplacian (4 neighbours, inner pixels) of Y, in levels of 255; relative to GT unless settings say otherwise. */
export const sharpness = defineMetric({
  name: 'sharpness',
  label: 'Sharpness',
  summary: 'Mean absolute Laplacian of SR over that of GT: 1 is as sharp as GT, more is sharper.',
  direction: 'none',
  range: [0, null],
  settings: z.strictObject({
    relative: z
      .enum(['gt', 'none'])
      .default('gt')
      .meta({ description: 'Divide by the value of GT, or not (then in levels of 255).' }),
  }),
  version: '1',
  source: 'Mean absolute 4-neighbour Laplacian of BT.601 Y',
  needs: ({ relative }) => (relative === 'gt' ? ['gt'] : []),
  measure({ sr, gt }, { relative }) {
    const plane = sr.luma()
    if (Math.min(plane.width, plane.height) < 3) return tooSmall(plane, 3)
    const own = meanLaplacian(plane)
    if (relative === 'none') return { value: own }
    const reference = meanLaplacian(gt!.luma())
    return reference > 0
      ? { value: own / reference }
      : { value: null, why: 'GT is flat, so nothing is sharper' }
  },
})

function meanLaplacian({ width, height, data }: Plane): number {
  let sum = 0
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * width + 1; i < (y + 1) * width - 1; i++) {
      sum += Math.abs(data[i - 1] + data[i + 1] + data[i - width] + data[i + width] - 4 * data[i])
    }
  }
  return sum / ((width - 2) * (height - 2))
}
