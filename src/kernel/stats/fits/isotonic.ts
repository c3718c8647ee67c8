import { ordering } from '../correlation/ranks.ts'

/** A non-decreasing (or non-increasing) step function by its corners, linear between them and level outside. */
export interface IsotonicFit {
  /** Ascending. */
  x: number[]
  /** Monotone, as long as `x`. */
  y: number[]
}

/**
 * The monotone function nearest to y in least squares, by pooling adjacent violators (Barlow et al., "Statistical
 * Inference under Order Restrictions", 1972). Rows of equal x share one value.
 */
export function fitIsotonic(x: Float64Array, y: Float64Array, increasing: boolean): IsotonicFit {
  const order = ordering(x)
  const sign = increasing ? 1 : -1
  const blocks: { sum: number; count: number; from: number; to: number }[] = []
  for (let g = 0; g < order.groups; g++) {
    let sum = 0
    for (let k = order.start[g]; k < order.start[g + 1]; k++) sum += sign * y[order.rows[k]]
    const at = x[order.rows[order.start[g]]]
    let block = { sum, count: order.start[g + 1] - order.start[g], from: at, to: at }
    for (
      let last = blocks.at(-1);
      last && last.sum * block.count >= block.sum * last.count;
      last = blocks.at(-1)
    ) {
      blocks.pop()
      block = { sum: last.sum + block.sum, count: last.count + block.count, from: last.from, to: block.to }
    }
    blocks.push(block)
  }
  const corners = blocks.flatMap(({ sum, count, from, to }) =>
    (from === to ? [from] : [from, to]).map(at => ({ x: at, y: (sign * sum) / count })),
  )
  return { x: corners.map(corner => corner.x), y: corners.map(corner => corner.y) }
}

/** The fitted function at x. */
export function isotonicAt(fit: IsotonicFit, x: number): number {
  const above = fit.x.findIndex(corner => corner >= x)
  if (above < 0) return fit.y[fit.y.length - 1]
  if (above === 0) return fit.y[0]
  const share = (x - fit.x[above - 1]) / (fit.x[above] - fit.x[above - 1])
  return fit.y[above - 1] + share * (fit.y[above] - fit.y[above - 1])
}
