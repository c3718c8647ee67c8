import type { Clusters } from '../resampling/clusters.ts'
import type { Rng } from '../resampling/rng.ts'
import { type CalibrationSettings, fitCalibration, type Known } from './fit.ts'
import { estimate } from './model.ts'

/**
 * Estimates of every row by a model that saw no row of its image: images are dealt into `folds` at random, and each
 * fold's rows are estimated by a model fitted to the others. NaN where no model could be fitted.
 */
export function crossValidated(
  xs: readonly Known[],
  y: Known,
  clusters: Clusters,
  settings: CalibrationSettings,
  folds: number,
  rng: Rng,
): Float64Array {
  const fold = dealt(clusters.count, folds, rng)
  const estimates = new Float64Array(y.values.length).fill(Number.NaN)
  for (let f = 0; f < folds; f++) {
    const inFold = (row: number) => fold[clusters.of[row]] === f
    const others = ({ name, values }: Known): Known => ({
      name,
      values: values.filter((_, row) => !inFold(row)),
    })
    const known = others(y)
    const model = known.values.length > 0 ? fitCalibration(xs.map(others), known, settings) : undefined
    if (!model) continue
    for (let row = 0; row < estimates.length; row++)
      if (inFold(row))
        estimates[row] = estimate(
          model,
          xs.map(({ values }) => values[row]),
        )
  }
  return estimates
}

/** The fold of each image; folds differ by at most one image. */
function dealt(images: number, folds: number, rng: Rng): Int32Array {
  const order = Int32Array.from({ length: images }, (_, image) => image)
  rng.shuffle(order)
  const fold = new Int32Array(images)
  order.forEach((image, place) => {
    fold[image] = place % folds
  })
  return fold
}
