import { detailAgreement, unexplainedDetail } from './detail.ts'
import { featureLoss, gram } from './features.ts'
import { charbonnier, l1, lowFrequency, lrConsistency, mse, sharpnessChange, ssim } from './pixels.ts'
import { proxy } from './proxy.ts'
import type { LossDefinition } from './types.ts'
import { weightDistance } from './weights.ts'

export type { FeatureNetwork, LossContext, LossDefinition, Role } from './types.ts'

const ROWS: LossDefinition[] = [
  l1,
  mse,
  charbonnier,
  ssim,
  lrConsistency,
  lowFrequency,
  sharpnessChange,
  unexplainedDetail,
  detailAgreement,
  gram,
  proxy,
  weightDistance,
]

/** Terms of the objective by name. Every other name is that of a feature network. */
export const LOSSES: Readonly<Record<string, LossDefinition>> = Object.fromEntries(
  ROWS.map(row => [row.name, row]),
)

export function lossOf(name: string): LossDefinition {
  return Object.hasOwn(LOSSES, name) ? LOSSES[name] : featureLoss(name)
}
