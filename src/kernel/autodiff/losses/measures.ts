import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import { detailAgreement } from './detail.ts'
import { featureLoss } from './features.ts'
import { bicubic, gradientEnergy, luma, separable, sharpness } from './filters.ts'
import { ssim } from './pixels.ts'
import type { LossContext, Role } from './types.ts'

/** A metric in its own units and direction, with its default settings, as a graph. */
export interface Measure {
  needs: readonly Exclude<Role, 'sr'>[]
  build(context: LossContext): Value
}

const LN10 = Math.log(10)

/** 10 log10(1 / (MSE + 1e-8)) in dB, on luma, as the metric has it. */
function psnr(a: Value, b: Value): Value {
  const error = o.div(o.sub(luma(a), luma(b)), 255)
  return o.mul(o.log(o.add(o.meanOf(o.square(error)), 1e-8)), -10 / LN10)
}

const resized = (x: Value, factor: number) =>
  separable(
    x,
    bicubic(size => size * factor),
  )

/** Metrics that a calibrated estimate can be differentiated through; every other name is that of a feature network. */
export const MEASURES: Readonly<Record<string, Measure>> = {
  psnr: { needs: ['gt'], build: ({ image }) => psnr(image('sr'), image('gt')) },
  ssim: { needs: ['gt'], build: context => o.sub(1, ssim.build(context, {})) },
  'lr-consistency': {
    needs: ['lr'],
    build: ({ image, scale }) => psnr(resized(image('sr'), 1 / scale), image('lr')),
  },
  'detail-agreement': {
    needs: ['gt'],
    build: context => o.sub(1, detailAgreement.build(context, detailAgreement.settings.parse({}))),
  },
  sharpness: {
    needs: ['gt'],
    build: ({ image }) => o.meanOf(o.div(sharpness(image('sr')), sharpness(image('gt')))),
  },
  'added-detail': {
    needs: ['lr'],
    build({ image, scale }) {
      const energy = (x: Value) => gradientEnergy(luma(x))
      const known = o.div(energy(resized(image('lr'), scale)), energy(image('sr')))
      return o.sub(1, o.sqrt(known))
    },
  },
}

export function measureOf(name: string): Measure {
  if (Object.hasOwn(MEASURES, name)) return MEASURES[name]
  const loss = featureLoss(name)
  return { needs: ['gt'], build: context => loss.build(context, { to: 'gt' }) }
}
