import * as z from 'zod'
import { type CalibrationModel, calibrationModel } from '../../stats/calibration/model.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import { measureOf } from './measures.ts'
import { defineLoss } from './types.ts'

/** The curve of a calibration on its weighted sum. Isotonic steps have no slope, so their sum counts as it is. */
const CURVES: Record<CalibrationModel['curve']['form'], (model: CalibrationModel, sum: Value) => Value> = {
  linear: (_, sum) => sum,
  isotonic: (_, sum) => sum,
  logistic({ curve }, sum) {
    const [top, bottom, middle, width] = curve.form === 'logistic' ? curve.parameters : []
    return o.add(o.mul(o.sigmoid(o.div(o.sub(sum, middle), width)), top - bottom), bottom)
  },
}

/**
 * How far the estimate is below the top of its scale. The estimate is not kept inside the scale, where the metric's is:
 * beyond the ends there would be no slope.
 */
export const proxy = defineLoss({
  name: 'proxy',
  summary: 'How far a calibrated estimate of HS is below the top of its scale, as a share of the scale.',
  settings: z.strictObject({
    model: calibrationModel.meta({ description: 'The estimate; the step fills it in for `proxy: NAME`.' }),
  }),
  needs: ({ model }) => [...new Set(model.columns.flatMap(column => measureOf(column).needs))],
  source: 'A calibration of this study (`calibrate`)',
  build(context, { model }) {
    const { columns, weights, centres, spreads, range, intercept } = model
    const parts = columns.map((column, k) =>
      o.mul(o.sub(o.reshape(measureOf(column).build(context), []), centres[k]), weights[k] / spreads[k]),
    )
    const estimate = CURVES[model.curve.form](model, o.add(parts.reduce(o.add), intercept))
    const [low, high] = range ?? [0, 1]
    return o.div(o.sub(high, estimate), high - low)
  },
})
