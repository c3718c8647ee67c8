import * as z from 'zod'
import { halve } from './filters/halve.ts'
import { structure, WINDOW } from './filters/structure.ts'
import { defineMetric, tooSmall } from './metric.ts'

/** Exponents of the five scales, finest first (Wang et al. 2003). */
const WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
/** Side at which the coarsest scale still holds one window. */
const SMALLEST = WINDOW * 2 ** (WEIGHTS.length - 1)

/** Multi-scale SSIM on rounded Y; scales are halved by 2 x 2 means. */
export const msSsim = defineMetric({
  name: 'ms-ssim',
  label: 'MS-SSIM',
  summary: 'Structural similarity of SR to GT over five scales.',
  direction: 'higher',
  range: [0, 1],
  settings: z.strictObject({}),
  version: '1',
  source:
    'Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", 2003; on rounded BT.601 Y',
  needs: () => ['gt'],
  measure(images) {
    const { sr, gt } = images
    let a = sr.roundedLuma()
    let b = gt!.roundedLuma()
    if (Math.min(a.width, a.height) < SMALLEST) return tooSmall(a, SMALLEST)
    // SSIM is made of the same windows.
    const finest = images.shared('structure', () => structure(a, b))
    let value = 1
    for (const [scale, weight] of WEIGHTS.entries()) {
      const { ssim, contrastStructure } = scale === 0 ? finest : structure(a, b)
      const last = scale === WEIGHTS.length - 1
      value *= (last ? ssim : contrastStructure) ** weight
      if (!last) [a, b] = [halve(a), halve(b)]
    }
    return { value }
  },
})
