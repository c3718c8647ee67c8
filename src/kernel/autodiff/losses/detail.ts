import * as z from 'zod'
import * as o from '../ops.ts'
import { bicubic, blur, boxes, luma, separable } from './filters.ts'
import { defineLoss, type LossContext } from './types.ts'

const settings = {
  reference: z
    .enum(['gt', 'lr'])
    .default('gt')
    .meta({ description: 'Detail of GT explains that of SR, or detail of LR enlarged by bicubic does.' }),
  sigma: z
    .number()
    .positive()
    .max(32)
    .default(2)
    .meta({ description: 'Detail is what a Gaussian blur of this sigma removes.' }),
}

/** Energy (levels of 255, squared) that keeps flat windows from dividing by zero and roots from infinite slopes. */
const FLAT = 0.01

/** Local second moments of the detail of SR (s) and of the reference (t), in levels of 255, squared. */
function moments({ image, scale }: LossContext, reference: 'gt' | 'lr', sigma: number, side: number) {
  const highPass = (plane: ReturnType<typeof luma>) => o.sub(plane, separable(plane, blur(sigma)))
  const enlarged = () =>
    separable(
      image('lr'),
      bicubic(size => size * scale),
    )
  const s = highPass(luma(image('sr')))
  const t = highPass(luma(reference === 'lr' ? enlarged() : image('gt')))
  const local = (product: typeof s) => separable(product, boxes(Math.min(side, ...s.dims.slice(2))))
  return { ss: local(o.square(s)), st: local(o.mul(s, t)), tt: local(o.square(t)) }
}

/** The metric takes a high percentile over windows; a power mean leans to the same windows and has a gradient in all. */
export const unexplainedDetail = defineLoss({
  name: 'unexplained-detail',
  summary:
    'Strength of the detail of SR that GT does not have, mostly where it is strongest (levels of 255, over 255).',
  settings: z.strictObject({
    ...settings,
    window: z.int().min(2).default(32).meta({ description: 'Side of the windows, pixels of SR.' }),
    exponent: z
      .number()
      .min(1)
      .default(4)
      .meta({ description: 'Of the power mean over windows: 1 counts all alike, more leans to the worst.' }),
  }),
  needs: ({ reference }) => [reference],
  source:
    'Defined by Mirage: residual energy of high-passed Y after projection on the reference, in uniform windows',
  build(context, { reference, sigma, window, exponent }) {
    const { ss, st, tt } = moments(context, reference, sigma, window)
    const explained = o.div(o.square(o.relu(st)), o.add(tt, FLAT))
    const energy = o.add(o.relu(o.sub(ss, explained)), FLAT)
    const strength = o.pow(o.meanOf(o.pow(energy, exponent / 2)), 1 / exponent)
    return o.div(o.sub(strength, Math.sqrt(FLAT)), 255)
  },
})

export const detailAgreement = defineLoss({
  name: 'detail-agreement',
  summary: '1 - correlation of the detail of SR with that of GT, whatever its strength.',
  settings: z.strictObject({
    ...settings,
    window: z.int().min(2).default(16).meta({ description: 'Side of the windows, pixels of SR.' }),
  }),
  needs: ({ reference }) => [reference],
  source: 'Defined by Mirage: mean local correlation of high-passed Y with the reference, in uniform windows',
  build(context, { reference, sigma, window }) {
    const { ss, st, tt } = moments(context, reference, sigma, window)
    return o.sub(1, o.meanOf(o.div(st, o.sqrt(o.add(o.mul(ss, tt), FLAT ** 2)))))
  },
})
