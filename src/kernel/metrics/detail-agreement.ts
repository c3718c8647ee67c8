import * as z from 'zod'
import { createPlane } from '../images/pixels.ts'
import { correlation, detailMoments, detailSettings, hasDetail } from './detail.ts'
import { spread } from './filters/spread.ts'
import { defineMetric, tooSmall } from './metric.ts'

/**
 * Mean correlation of the detail (high-passed Y) of SR with that of the reference over uniform windows. It does not
 * care how strong the detail is, so blur earns nothing by it. Windows in which either image is flat are left out.
 */
export const detailAgreement = defineMetric({
  name: 'detail-agreement',
  label: 'Detail agreement',
  summary: 'Correlation of the detail of SR with that of GT, whatever its strength.',
  direction: 'higher',
  range: [-1, 1],
  settings: z.strictObject({
    ...detailSettings,
    window: z.number().int().min(2).default(16).meta({ description: 'Side of the windows, pixels of SR.' }),
  }),
  version: '2',
  source: 'Defined by Mirage: mean local correlation of high-passed Y with the reference, in uniform windows',
  needs: ({ reference }) => [reference],
  measure(images, settings) {
    const { width, height } = images.sr.pixels
    if (Math.min(width, height) < settings.window) return tooSmall({ width, height }, settings.window)
    const moments = detailMoments(images, settings)
    const agreement = createPlane(moments.ss.width, moments.ss.height)
    let sum = 0
    let count = 0
    for (let i = 0; i < agreement.data.length; i++) {
      agreement.data[i] = Number.NaN
      if (!hasDetail(moments, i)) continue
      agreement.data[i] = correlation(moments, i)
      sum += agreement.data[i]
      count++
    }
    if (count === 0) return { value: null, why: 'one of the images is flat everywhere' }
    return { value: sum / count, map: { range: [-1, 1], plane: () => spread(agreement, width, height) } }
  },
})
