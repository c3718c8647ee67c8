import * as z from 'zod'
import { createPlane } from '../images/pixels.ts'
import { correlation, detailMoments, detailSettings } from './detail.ts'
import { percentile } from './filters/percentile.ts'
import { spread } from './filters/spread.ts'
import { defineMetric, tooSmall } from './metric.ts'

/** Level at which the overlay is full. */
const FULL = 20

/**
 * Detail of SR that the reference does not have. Both images are high-passed on Y (s for SR, t for the reference); in
 * uniform windows the energy of s that its correlation with t leaves over is u = <ss> (1 - max(rho, 0)^2). The value is a
 * high percentile of sqrt(u) over the windows, in levels of 255: 0 for a copy, small for a blur, large where SR has
 * detail of its own.
 */
export const unexplainedDetail = defineMetric({
  name: 'unexplained-detail',
  label: 'Unexplained detail',
  summary: 'Strength of the detail of SR that GT does not have, where it is strongest.',
  direction: 'lower',
  range: [0, null],
  unit: 'levels of 255',
  settings: z.strictObject({
    ...detailSettings,
    window: z.number().int().min(2).default(32).meta({ description: 'Side of the windows, pixels of SR.' }),
    percentile: z
      .number()
      .min(0)
      .max(100)
      .default(98)
      .meta({ description: 'Which percentile over windows is the value.' }),
  }),
  version: '1',
  source:
    'Defined by Mirage: residual energy of high-passed Y after projection on the reference, in uniform windows',
  needs: ({ reference }) => [reference],
  measure(images, settings) {
    const { width, height } = images.sr.pixels
    if (Math.min(width, height) < settings.window) return tooSmall({ width, height }, settings.window)
    const moments = detailMoments(images, settings)
    const strength = createPlane(moments.ss.width, moments.ss.height)
    for (let i = 0; i < strength.data.length; i++) {
      const rho = Math.max(0, correlation(moments, i))
      strength.data[i] = Math.sqrt(Math.max(0, moments.ss.data[i] * (1 - rho * rho)))
    }
    return {
      value: percentile(strength.data, settings.percentile),
      map: { range: [0, FULL], plane: () => spread(strength, width, height) },
    }
  },
})
