import { centred, dot } from '../correlation/pearson.ts'
import { type Curve, type CurveFit, fitCurve } from './least-squares.ts'

/**
 * The monotone curve through which image quality work maps a metric to ratings before Pearson's correlation (VQEG
 * Phase I report, 2000). `4`: b2 + (b1 - b2) / (1 + exp(-(x - b3) / b4)). `5`: b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) +
 * b4 x + b5 (Sheikh, Sabir and Bovik, IEEE TIP 2006; it need not be monotone).
 */
export type LogisticForm = 4 | 5

export interface LogisticFit {
  form: LogisticForm
  /** b1 ... of the form, in units of x and y. */
  parameters: number[]
  converged: boolean
}

/**
 * Fits a logistic curve by least squares, from a rising and a falling start, the better kept. Undefined
 * for fewer than `form + 1` rows or a constant column.
 */
export function fitLogistic(x: Float64Array, y: Float64Array, form: LogisticForm): LogisticFit | undefined {
  if (x.length <= form) return undefined
  const [u, v] = [standardise(x), standardise(y)]
  if (!u || !v) return undefined
  const fits = STARTS[form].map(start => fitCurve(CURVES[form], u.values, v.values, start))
  const best = fits.reduce((a: CurveFit, b: CurveFit) => (b.squares < a.squares ? b : a))
  return { form, parameters: inUnits[form](best.parameters, u, v), converged: best.converged }
}

/** The fitted curve at x. */
export function logisticAt(
  { form, parameters }: Pick<LogisticFit, 'form' | 'parameters'>,
  x: number,
): number {
  return CURVES[form](x, parameters, new Float64Array(form))
}

const sigmoid = (t: number) => 1 / (1 + Math.exp(-t))

const CURVES: Record<LogisticForm, Curve> = {
  4: (x, [b1, b2, b3, b4], gradient) => {
    const t = (x - b3) / b4
    const s = sigmoid(t)
    const slope = (b1 - b2) * s * (1 - s)
    gradient[0] = s
    gradient[1] = 1 - s
    gradient[2] = -slope / b4
    gradient[3] = (-slope * t) / b4
    return b2 + (b1 - b2) * s
  },
  5: (x, [b1, b2, b3, b4, b5], gradient) => {
    const s = sigmoid(b2 * (x - b3))
    const slope = b1 * s * (1 - s)
    gradient[0] = s - 0.5
    gradient[1] = slope * (x - b3)
    gradient[2] = -slope * b2
    gradient[3] = x
    gradient[4] = 1
    return b1 * (s - 0.5) + b4 * x + b5
  },
}

/** For columns of mean 0 and variance 1. */
const STARTS: Record<LogisticForm, readonly number[][]> = {
  4: [1, -1].map(sign => [1.5 * sign, -1.5 * sign, 0, 0.6]),
  5: [1, -1].map(sign => [2 * sign, 1, 0, 0, 0]),
}

interface Standardised {
  values: Float64Array
  mean: number
  sd: number
}

const inUnits: Record<LogisticForm, (b: number[], x: Standardised, y: Standardised) => number[]> = {
  4: ([b1, b2, b3, b4], x, y) => {
    const [top, bottom] = [y.mean + y.sd * b1, y.mean + y.sd * b2]
    // A negative width with the ends exchanged is the same curve; the width is written positive.
    return b4 > 0
      ? [top, bottom, x.mean + x.sd * b3, x.sd * b4]
      : [bottom, top, x.mean + x.sd * b3, -x.sd * b4]
  },
  5: ([b1, b2, b3, b4, b5], x, y) => [
    y.sd * b1,
    b2 / x.sd,
    x.mean + x.sd * b3,
    (y.sd * b4) / x.sd,
    y.mean + y.sd * (b5 - (b4 * x.mean) / x.sd),
  ],
}

function standardise(values: Float64Array): Standardised | undefined {
  const deviations = centred(values)
  const sd = Math.sqrt(dot(deviations, deviations) / values.length)
  if (!(sd > 0)) return undefined
  return { values: deviations.map(value => value / sd), mean: values[0] - deviations[0], sd }
}
