import * as z from 'zod'
import { createPlane } from '../images/pixels.ts'
import { cropPlane } from './filters/crop.ts'
import { spread } from './filters/spread.ts'
import { structure, WINDOW } from './filters/structure.ts'
import { defineMetric, tooSmall } from './metric.ts'

/** SSIM on Y rounded to integers, the mean over all 11 x 11 windows inside the image. */
export const ssim = defineMetric({
  name: 'ssim',
  label: 'SSIM',
  summary: 'Structural similarity of SR to GT.',
  direction: 'higher',
  range: [0, 1],
  settings: z.strictObject({
    border: z.number().int().min(0).default(0).meta({ description: 'Pixels left out along each side.' }),
  }),
  version: '1',
  source:
    'Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity", 2004; on rounded BT.601 Y as in IQA-PyTorch (pyiqa)',
  needs: () => ['gt'],
  measure(images, { border }) {
    const { sr, gt } = images
    const { width, height } = sr.pixels
    const needed = WINDOW + 2 * border
    if (Math.min(width, height) < needed) return tooSmall(sr.pixels, needed)
    const a = cropPlane(sr.roundedLuma(), border)
    const b = cropPlane(gt!.roundedLuma(), border)
    const map = () => {
      const windows = createPlane(a.width - WINDOW + 1, a.height - WINDOW + 1)
      structure(a, b, windows.data)
      return spread(windows, width, height)
    }
    // MS-SSIM begins with the same windows.
    const { ssim } = border === 0 ? images.shared('structure', () => structure(a, b)) : structure(a, b)
    return { value: ssim, map: { range: [0, 1], plane: map } }
  },
})
