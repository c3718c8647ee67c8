import { centred, dot } from '../correlation/pearson.ts'
import { choleskySolve } from '../fits/cholesky.ts'
import { fitIsotonic } from '../fits/isotonic.ts'
import { fitLogistic } from '../fits/logistic.ts'
import type { CalibrationModel } from './model.ts'

export type CalibrationForm = CalibrationModel['curve']['form']

/** A column to learn from or to estimate, without missing values. */
export interface Known {
  name: string
  values: Float64Array
}

export interface CalibrationSettings {
  form: CalibrationForm
  /** Ends of y's scale, null where it has none. */
  range: readonly [number, number] | null
  /**
   * Weight decay of the linear part on standardised columns, in rows: with `ridge` as large as the number of rows, a lone
   * column keeps half its slope. Tames columns that say the same.
   */
  ridge: number
}

/**
 * Fits an estimate of y: ridge regression on standardised columns, then the curve of y on the sum. Undefined where no
 * column varies or the curve can't be fitted.
 */
export function fitCalibration(
  xs: readonly Known[],
  y: Known,
  { form, range, ridge }: CalibrationSettings,
): CalibrationModel | undefined {
  const standard = xs.map(({ values }) => standardise(values))
  const deviations = centred(y.values)
  const intercept = y.values[0] - deviations[0]
  const weights = choleskySolve(
    standard.map((a, i) => standard.map((b, j) => dot(a.values, b.values) + (i === j ? ridge || 1e-9 : 0))),
    standard.map(a => dot(a.values, deviations)),
  )
  if (!weights?.some(weight => weight !== 0)) return undefined
  const sums = deviations.map((_, row) =>
    standard.reduce((sum, { values }, k) => sum + weights[k] * values[row], intercept),
  )
  const curve = CURVES[form](sums, y.values)
  return (
    curve && {
      of: y.name,
      columns: xs.map(({ name }) => name),
      centres: standard.map(({ centre }) => centre),
      spreads: standard.map(({ spread }) => spread),
      weights,
      intercept,
      curve,
      range: range ? [...range] : null,
    }
  )
}

const CURVES: Record<
  CalibrationForm,
  (sums: Float64Array, y: Float64Array) => CalibrationModel['curve'] | undefined
> = {
  linear: () => ({ form: 'linear' }),
  // The sum rises with y by construction, so the curve rises.
  isotonic: (sums, y) => ({ form: 'isotonic', ...fitIsotonic(sums, y, true) }),
  logistic: (sums, y) => {
    const fit = fitLogistic(sums, y, 4)
    return fit && { form: 'logistic', parameters: fit.parameters }
  },
}

/** A constant column becomes 0 and keeps its values out of the estimate. */
function standardise(values: Float64Array) {
  const deviations = centred(values)
  const spread = Math.sqrt(dot(deviations, deviations) / values.length) || 1
  return { values: deviations.map(value => value / spread), centre: values[0] - deviations[0], spread }
}
