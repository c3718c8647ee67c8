import * as o from '../ops.ts'
import type { Value } from '../tape.ts'

/** What a border contributes to the axis it was copied from: `border` placed at `start` among `size` elements. */
const placed = (border: Value, axis: number, start: number, size: number) =>
  o.padAxis(border, axis, start, size - start - border.dims[axis])

/** Where each mode took the elements of a border from, with that border's gradient. */
const BORDERS: Record<string, (border: Value, axis: number, size: number, atEnd: boolean) => Value> = {
  reflect: (border, axis, size, atEnd) =>
    placed(o.flip(border, [axis]), axis, atEnd ? size - 1 - border.dims[axis] : 1, size),
  edge: (border, axis, size, atEnd) => placed(o.sum(border, [axis]), axis, atEnd ? size - 1 : 0, size),
  wrap: (border, axis, size, atEnd) => placed(border, axis, atEnd ? 0 : size - border.dims[axis], size),
}

/** The gradient of a Pad: the middle, plus each border folded back to where it came from. */
export function unpad(dy: Value, dims: readonly number[], pads: readonly number[], mode: string): Value {
  const rank = dims.length
  const fold = BORDERS[mode]
  if (!fold)
    return o.pad(
      dy,
      pads.slice(0, rank).map(amount => -amount),
      pads.slice(rank).map(amount => -amount),
    )
  let dx = dy
  for (const [axis, size] of dims.entries()) {
    const [before, after] = [pads[axis], pads[axis + rank]]
    const whole = dx
    dx = o.padAxis(whole, axis, -before, -after)
    if (before > 0) dx = o.add(dx, fold(o.slice(whole, axis, 0, before), axis, size, false))
    if (after > 0) {
      const end = whole.dims[axis]
      dx = o.add(dx, fold(o.slice(whole, axis, end - after, end), axis, size, true))
    }
  }
  return dx
}
