import { MirageError, nearest } from '../errors.ts'
import { addedDetail } from './added-detail.ts'
import { clutter } from './clutter.ts'
import { hallucination, improvement, omission } from './correctness.ts'
import { detailAgreement } from './detail-agreement.ts'
import { featureMetrics } from './feature-distance.ts'
import { gmsd } from './gmsd.ts'
import { inventedDetail } from './invented-detail.ts'
import { lrConsistency } from './lr-consistency.ts'
import type { MetricDefinition } from './metric.ts'
import { msSsim } from './ms-ssim.ts'
import { orientation } from './orientation.ts'
import { psnr } from './psnr.ts'
import { sharpness } from './sharpness.ts'
import { ssim } from './ssim.ts'
import { unexplainedDetail } from './unexplained-detail.ts'

/** Every metric, by the word that `use:` knows it by. Adding one is adding a file and a row. */
export const METRICS: readonly MetricDefinition[] = [
  psnr,
  ssim,
  msSsim,
  gmsd,
  lrConsistency,
  sharpness,
  unexplainedDetail,
  detailAgreement,
  orientation,
  addedDetail,
  inventedDetail,
  clutter,
  hallucination,
  omission,
  improvement,
  ...featureMetrics,
]

/** @throws MirageError `metric-unknown`, which lists the known ones */
export function metricByName(name: string): MetricDefinition {
  const metric = METRICS.find(row => row.name === name)
  if (metric) return metric
  const known = METRICS.map(row => row.name)
  const near = nearest(name, known)
  throw new MirageError({
    code: 'metric-unknown',
    message: `There is no metric "${name}".${near ? ` Did you mean "${near}"?` : ''}`,
    remedy: `Known metrics: ${known.join(', ')}.`,
  })
}
