import { centred, dot } from '../correlation/pearson.ts'
import { choleskySolve } from '../fits/cholesky.ts'

/** What is left of a column when a straight line through the given columns is taken away; undefined where they repeat each other. */
export function residuals(values: Float64Array, given: readonly Float64Array[]): Float64Array | undefined {
  const y = centred(values)
  if (given.length === 0) return y
  const columns = given.map(centred)
  const slopes = choleskySolve(
    columns.map(a => columns.map(b => dot(a, b))),
    columns.map(a => dot(a, y)),
  )
  return (
    slopes &&
    y.map((value, row) => columns.reduce((rest, column, k) => rest - slopes[k] * column[row], value))
  )
}
