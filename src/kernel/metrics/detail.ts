import * as z from 'zod'
import type { Plane } from '../images/pixels.ts'
import { boxMeans } from './filters/box.ts'
import { highPass } from './filters/gaussian.ts'
import type { MetricImages, Reference } from './metric.ts'

export const detailSettings = {
  reference: z
    .enum(['gt', 'lr'])
    .default('gt')
    .meta({ description: 'Detail of GT explains that of SR, or detail of LR enlarged by bicubic does.' }),
  sigma: z
    .number()
    .positive()
    .max(32)
    .default(2)
    .meta({ description: 'Detail is what a Gaussian blur of this sigma (pixels of SR) removes.' }),
}

/** Local second moments of the detail of SR (s) and of the reference (t) in uniform windows inside the image. */
export interface DetailMoments {
  ss: Plane
  st: Plane
  tt: Plane
}

/** High-passes both images on Y and averages s^2, st and t^2 over windows of `side` x `side`. In levels of 255, squared. */
export function detailMoments(
  images: MetricImages,
  { reference, sigma, window: side }: { reference: Reference; sigma: number; window: number },
): DetailMoments {
  const detail = (role: 'sr' | Reference) =>
    images.shared(`detail ${role} ${sigma}`, () => {
      const image = role === 'lr' ? images.enlargedLr() : images[role]!
      return highPass(image.luma(), sigma)
    })
  const s = detail('sr')
  const t = detail(reference)
  return {
    ss: boxMeans(product(s, s), side),
    st: boxMeans(product(s, t), side),
    tt: boxMeans(product(t, t), side),
  }
}

/** Energy (levels of 255, squared) below which a window is flat: what is left there is rounding. */
const FLAT = 1e-6

/** True where both images have detail in a window. */
export function hasDetail({ ss, tt }: DetailMoments, i: number): boolean {
  return ss.data[i] > FLAT && tt.data[i] > FLAT
}

/** Correlation of the two details in a window, <st> / sqrt(<ss><tt>), in -1..1; 0 where one of them is flat. */
export function correlation(moments: DetailMoments, i: number): number {
  if (!hasDetail(moments, i)) return 0
  const { ss, st, tt } = moments
  return Math.min(1, Math.max(-1, st.data[i] / Math.sqrt(ss.data[i] * tt.data[i])))
}

function product({ width, height, data: a }: Plane, { data: b }: Plane): Plane {
  const data = new Float64Array(a.length)
  for (let i = 0; i < data.length; i++) data[i] = a[i] * b[i]
  return { width, height, data }
}
