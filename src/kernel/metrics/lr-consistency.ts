import * as z from 'zod'
import { resizeBicubic } from '../images/bicubic.ts'
import { metricImage } from './images.ts'
import { defineMetric } from './metric.ts'
import { psnrOf, psnrSettings } from './psnr.ts'

/** PSNR against LR of SR reduced to its size by antialiased bicubic, not rounded. */
export const lrConsistency = defineMetric({
  name: 'lr-consistency',
  label: 'LR consistency',
  summary: 'PSNR of SR, reduced to the size of LR, against LR: could LR have come from this SR?',
  direction: 'higher',
  range: [0, 80],
  unit: 'dB',
  settings: z.strictObject(psnrSettings),
  version: '1',
  source:
    'Consistency with LR as in Lugmayr et al., "NTIRE 2021 Learning the Super-Resolution Space Challenge"; bicubic as in MATLAB imresize',
  needs: () => ['lr'],
  measure({ sr, lr }, settings) {
    const { width, height } = lr!.pixels
    const reduced = metricImage({
      hash: `${sr.hash}@${width}x${height}`,
      pixels: resizeBicubic(sr.pixels, width, height),
    })
    return psnrOf(reduced, lr!, settings)
  },
})
