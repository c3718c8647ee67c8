import * as z from 'zod'
import { createPlane, type Plane } from '../images/pixels.ts'
import { addedShare, growth } from './added-detail.ts'
import { defineMetric, type MetricImages, tooSmall } from './metric.ts'
import { SMALLEST, turned, turnMap } from './orientation.ts'

/** Level per pixel at which the overlay is full. */
const FULL = 20

/**
 * Detail that SR adds to LR and that does not lie as in GT: a * o / (o + half), where a is `added-detail` (0 where SR is
 * smoother than LR enlarged) and o is `orientation` against GT. Neither is enough alone: what GT has too is added and right,
 * and blur turns structure and invents nothing. 0 for a copy of GT and for an enlargement that adds nothing; with o well
 * above `half` all that was added counts. It is what the HS estimate is made of.
 */
export const inventedDetail = defineMetric({
  name: 'invented-detail',
  label: 'Invented detail',
  summary: 'Share of the detail of SR that LR does not show and that lies otherwise than in GT.',
  direction: 'lower',
  range: [0, 1],
  settings: z.strictObject({
    half: z.number().positive().default(0.01).meta({
      description: 'Turn (see orientation) at which half of what was added counts; 0.01 is 4 degrees.',
    }),
    sigma: z
      .number()
      .positive()
      .max(64)
      .default(12)
      .meta({ description: 'Gaussian window of the structure tensor, pixels of SR.' }),
  }),
  version: '1',
  source: 'Defined by Mirage: added-detail x orientation / (orientation + half); docs/hs-estimate.md',
  needs: () => ['gt', 'lr'],
  measure(images, { half, sigma }) {
    const { width, height } = images.sr.pixels
    if (Math.min(width, height) < SMALLEST) return tooSmall({ width, height }, SMALLEST)
    const added = addedShare(images)
    if (added === undefined) return { value: 0 }
    const turn = turned(images, 'gt', sigma)
    if (turn === undefined) return { value: null, why: 'GT is flat' }
    return {
      value: (Math.max(0, added) * turn) / (turn + half),
      map: { range: [0, FULL], plane: () => where(images, half, sigma) },
    }
  },
})

/** Gradient added around each pixel, in levels per pixel, as far as it is turned there. */
function where(images: MetricImages, half: number, sigma: number): Plane {
  const added = growth(images)
  const share = turnMap(images, 'gt', sigma, turn => turn / (turn + half))
  const out = createPlane(added.width, added.height)
  for (let i = 0; i < out.data.length; i++) out.data[i] = added.data[i] * share.data[i]
  return out
}
