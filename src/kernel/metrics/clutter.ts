import * as z from 'zod'
import type { Plane } from '../images/pixels.ts'
import { structureTensor } from './filters/structure-tensor.ts'
import { defineMetric, tooSmall } from './metric.ts'

/**
 * How much of what LR shows has no clear direction: letters, weave, lattice and foliage against long edges. From the
 * structure tensor of Y of LR enlarged by bicubic, whose eigenvalues are l1 >= l2 at each pixel: 1 - sum(l1 - l2) /
 * sum(l1 + l2). 0 is straight edges alone, 1 is structure that goes everywhere. It is a property of the image, the same for
 * all methods; where it is high, what a method adds can hardly be told from LR.
 */
export const clutter = defineMetric({
  name: 'clutter',
  label: 'Clutter of LR',
  summary: 'Share of the structure of LR that has no clear direction; the same for all methods.',
  direction: 'none',
  range: [0, 1],
  settings: z.strictObject({
    sigma: z
      .number()
      .positive()
      .max(32)
      .default(4)
      .meta({ description: 'Gaussian window of the structure tensor, pixels of SR.' }),
  }),
  version: '1',
  source:
    'Energy-weighted coherence of the structure tensor (Bigun and Granlund, "Optimal orientation detection of linear symmetry", 1987)',
  needs: () => ['lr'],
  measure(images, { sigma }) {
    const { width, height } = images.sr.pixels
    if (Math.min(width, height) < 3) return tooSmall({ width, height }, 3)
    const value = images.shared(`clutter ${sigma}`, () => incoherence(images.enlargedLr().luma(), sigma))
    return value === undefined ? { value: null, why: 'LR is flat' } : { value }
  },
})

function incoherence(plane: Plane, sigma: number): number | undefined {
  const { xx, yy, xy } = structureTensor(plane, sigma)
  let directed = 0
  let whole = 0
  for (let i = 0; i < xx.data.length; i++) {
    directed += Math.hypot(xx.data[i] - yy.data[i], 2 * xy.data[i])
    whole += xx.data[i] + yy.data[i]
  }
  return whole > 0 ? 1 - directed / whole : undefined
}
