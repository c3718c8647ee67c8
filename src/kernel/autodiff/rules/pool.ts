import { int, ints } from '../attributes.ts'
import { unsupported } from '../lower/unsupported.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import { type Window, windowOf } from '../window.ts'
import { dilate } from './layout.ts'
import type { At, Rule } from './types.ts'

function windowIn(at: At): Window {
  if (at.a.dims.length !== 4) throw unsupported(at.call, 'over other than images')
  return windowOf(at.attributes, ints(at.attributes, 'kernel_shape', []), at.a.dims.slice(2))
}

const taps = (kernel: readonly number[]) =>
  Array.from({ length: kernel[0] * kernel[1] }, (_, i) => [Math.floor(i / kernel[1]), i % kernel[1]])

/** Sums of all windows of size `kernel`, one step apart. */
const boxSum = (x: Value, kernel: readonly number[]) =>
  o.mul(
    x.tape.op('AveragePool', [x], {
      kernel_shape: { ints: [...kernel] },
      strides: { ints: [1, 1] },
      pads: { ints: [0, 0, 0, 0] },
      count_include_pad: { int: 1 },
    }),
    kernel[0] * kernel[1],
  )

/** Image positions under each window: fewer at the border where padding does not count. */
function windowCounts(at: At, window: Window): Value | number {
  const area = window.kernel[0] * window.kernel[1]
  const padded = [...window.before, ...window.after].some(amount => amount > 0)
  if (!padded || int(at.attributes, 'count_include_pad', 0) === 1) return area
  const along = window.kernel.map((k, i) =>
    Array.from({ length: at.y.dims[i + 2] }, (_, position) => {
      const start = position * window.strides[i] - window.before[i]
      return Math.min(start + k, at.a.dims[i + 2]) - Math.max(start, 0)
    }),
  )
  const data = Float32Array.from(along[0].flatMap(rows => along[1].map(columns => rows * columns)))
  return at.tape.constant({ type: 'float32', dims: [1, 1, ...at.y.dims.slice(2)], data })
}

/** Each output's gradient, shared among the positions under its window. */
function averagePool(at: At): Value {
  const window = windowIn(at)
  const { kernel, strides, before } = window
  let share = o.div(at.dy, windowCounts(at, window))
  for (const [i, stride] of strides.entries()) share = dilate(share, i + 2, stride)
  // `dilate` leaves zeros behind the last element, which the last pad takes off again.
  const top = kernel.map((k, i) => k - 1 - before[i])
  const bottom = kernel.map((k, i) => at.a.dims[i + 2] + k - 1 - top[i] - share.dims[i + 2])
  return boxSum(o.pad(share, [0, 0, ...top], [0, 0, ...bottom]), kernel)
}

/** Less than any activation, so that padding never wins. */
const LOWEST = -3.4e38

/**
 * Under each window the positions that attain the maximum share its gradient. Tap by tap: the image as the tap sees it,
 * its share, and the shares of all taps put back where they came from.
 */
function maxPool(at: At): Value {
  const { a, y, dy } = at
  const window = windowIn(at)
  const { kernel, strides, dilations, before } = window
  const out = y.dims.slice(2)
  const reach = kernel.map((k, i) => (out[i] - 1) * strides[i] + (k - 1) * dilations[i] + 1)
  const pads = [0, 0, ...before, 0, 0, ...reach.map((size, i) => size - before[i] - a.dims[i + 2])]
  const padded = pads.every(p => p === 0)
    ? a
    : a.tape.op('Pad', [a, a.tape.vector(pads), a.tape.scalar(LOWEST, a.type)])
  const offsets = taps(kernel).map(tap => tap.map((t, i) => t * dilations[i]))
  const attains = offsets.map(offset => {
    let view = padded
    for (const [i, start] of offset.entries()) {
      view = o.slice(view, i + 2, start, start + (out[i] - 1) * strides[i] + 1, strides[i])
    }
    return o.cast(o.equal(view, y), a.type)
  })
  const share = o.div(dy, attains.reduce(o.add))
  const whole = scatter(
    attains.map(mask => o.mul(mask, share)),
    offsets,
    strides,
    reach,
  )
  return o.pad(
    whole,
    [0, 0, ...before.map(p => -p)],
    [0, 0, ...before.map((p, i) => a.dims[i + 2] + p - whole.dims[i + 2])],
  )
}

/**
 * Adds up images of window positions, each at its offset. With strides, offsets of the same phase are added first and the
 * phases are interleaved at the end.
 */
function scatter(parts: Value[], offsets: number[][], strides: number[], sizes: number[]): Value {
  const blocks = sizes.map((size, i) => Math.ceil(size / strides[i]))
  const phases = taps(strides).map(phase => {
    const mine = parts.flatMap((part, i) => {
      if (offsets[i].some((offset, axis) => offset % strides[axis] !== phase[axis])) return []
      const top = offsets[i].map((offset, axis) => Math.floor(offset / strides[axis]))
      return [
        o.pad(
          part,
          [0, 0, ...top],
          [0, 0, ...blocks.map((size, axis) => size - top[axis] - part.dims[axis + 2])],
        ),
      ]
    })
    return mine.length > 0 ? mine.reduce(o.add) : undefined
  })
  const [n, c] = parts[0].dims
  const filled = phases.map(phase => phase ?? o.zeros(phases.find(other => other)!))
  const stacked = o.reshape(o.concat(filled, 1), [n, strides[0], strides[1], c, ...blocks])
  const interleaved = o.transpose(stacked, [0, 3, 4, 1, 5, 2])
  return o.reshape(interleaved, [n, c, blocks[0] * strides[0], blocks[1] * strides[1]])
}

export const POOL: Record<string, Rule> = { AveragePool: [averagePool], MaxPool: [maxPool] }
