import * as z from 'zod'
import { isotonicAt } from '../fits/isotonic.ts'
import { logisticAt } from '../fits/logistic.ts'

const numbers = z.array(z.number())

/** The shape of the map from the weighted sum of columns to the scale of y. */
const curve = z.discriminatedUnion('form', [
  z.strictObject({ form: z.literal('linear') }),
  z.strictObject({ form: z.literal('isotonic'), x: numbers.min(1), y: numbers.min(1) }),
  z.strictObject({ form: z.literal('logistic'), parameters: numbers.length(4) }),
])

/**
 * An estimate of y from columns: their weighted sum, a curve, and the limits of the scale. Plain JSON, so that it can be
 * kept in a result, a file or the package.
 */
export const calibrationModel = z.strictObject({
  /** What it estimates, such as `hs`. */
  of: z.string(),
  columns: z.array(z.string()).min(1),
  /** Standardisation of each column: (value - centre) / spread. */
  centres: numbers,
  spreads: numbers,
  /** Weight of each standardised column, and the height at their centres. */
  weights: numbers,
  intercept: z.number(),
  curve,
  /** Estimates are kept inside, where the scale has ends. */
  range: z.tuple([z.number(), z.number()]).nullable(),
})
export type CalibrationModel = z.output<typeof calibrationModel>

/** The estimate for one row; NaN where a column is missing. `values` are in the order of `columns`. */
export function estimate(model: CalibrationModel, values: readonly number[]): number {
  const sum = model.weights.reduce(
    (total, weight, k) => total + (weight * (values[k] - model.centres[k])) / model.spreads[k],
    model.intercept,
  )
  if (Number.isNaN(sum)) return Number.NaN
  const height = CURVES[model.curve.form](model, sum)
  return model.range ? Math.max(model.range[0], Math.min(model.range[1], height)) : height
}

const CURVES: Record<CalibrationModel['curve']['form'], (model: CalibrationModel, sum: number) => number> = {
  linear: (_, sum) => sum,
  isotonic: ({ curve }, sum) => (curve.form === 'isotonic' ? isotonicAt(curve, sum) : sum),
  logistic: ({ curve }, sum) =>
    curve.form === 'logistic' ? logisticAt({ form: 4, parameters: curve.parameters }, sum) : sum,
}
