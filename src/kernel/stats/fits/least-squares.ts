import { choleskySolve } from './cholesky.ts'

/** A curve with its derivatives: writes df/d(parameter) to `gradient` and returns f. */
export type Curve = (x: number, parameters: readonly number[], gradient: Float64Array) => number

export interface CurveFit {
  parameters: number[]
  /** Sum of squared residuals. */
  squares: number
  converged: boolean
}

/** A curve that still improves after so many steps runs off to a parameter without end; its shape has long settled. */
const MOST_STEPS = 100
/** Relative gain in squares below which a fit has arrived. */
const SMALLEST_GAIN = 1e-9

/**
 * Least squares by Levenberg and Marquardt (Marquardt, "An algorithm for least-squares estimation of nonlinear
 * parameters", 1963): Gauss-Newton steps, damped in proportion to the curvature until they help.
 */
export function fitCurve(curve: Curve, x: Float64Array, y: Float64Array, start: readonly number[]): CurveFit {
  let parameters = [...start]
  let { squares, matrix, gradient } = linearised(curve, x, y, parameters)
  let damping = 1e-3
  for (let iteration = 0; iteration < MOST_STEPS; iteration++) {
    const damped = matrix.map((row, i) =>
      row.map((value, j) => (i === j ? value * (1 + damping) + 1e-15 : value)),
    )
    const step = choleskySolve(damped, gradient)
    const next = step && parameters.map((value, k) => value + step[k])
    const tried = next && linearised(curve, x, y, next)
    if (next && tried && tried.squares <= squares) {
      const gain = squares - tried.squares
      parameters = next
      ;({ squares, matrix, gradient } = tried)
      damping = Math.max(damping / 10, 1e-12)
      if (gain <= SMALLEST_GAIN * squares) return { parameters, squares, converged: true }
    } else {
      damping *= 10
      // No step in any direction helps any more.
      if (damping > 1e12) return { parameters, squares, converged: true }
    }
  }
  return { parameters, squares, converged: false }
}

/** The normal equations at a point: J'J, J'(y - f), and the sum of squared residuals. */
function linearised(curve: Curve, x: Float64Array, y: Float64Array, parameters: readonly number[]) {
  const size = parameters.length
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  const gradient = new Array<number>(size).fill(0)
  const slopes = new Float64Array(size)
  let squares = 0
  for (let i = 0; i < x.length; i++) {
    const residual = y[i] - curve(x[i], parameters, slopes)
    squares += residual * residual
    for (let a = 0; a < size; a++) {
      gradient[a] += slopes[a] * residual
      for (let b = 0; b <= a; b++) matrix[a][b] += slopes[a] * slopes[b]
    }
  }
  for (let a = 0; a < size; a++) for (let b = a + 1; b < size; b++) matrix[a][b] = matrix[b][a]
  return { squares: Number.isFinite(squares) ? squares : Number.POSITIVE_INFINITY, matrix, gradient }
}
