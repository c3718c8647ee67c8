import { unsupported } from '../lower/unsupported.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import { type Window, windowOf } from '../window.ts'
import { imageGradient, kernelGradient } from './convolution.ts'
import type { At, Rule } from './types.ts'

/** Sums over images and positions. */
const perChannel = ({ dy, c }: At) =>
  o.reshape(
    o.sumTo(
      dy,
      dy.dims.map((size, axis) => (axis === 1 ? size : 1)),
    ),
    c.dims,
  )

/** A line as an image of one row; images as they are. */
const plane = (x: Value) => (x.dims.length === 3 ? o.reshape(x, [...x.dims.slice(0, 2), 1, x.dims[2]]) : x)

function planeWindow(at: At): Window {
  const window = windowOf(at.attributes, at.b.dims.slice(2), at.a.dims.slice(2))
  if (window.kernel.length === 2) return window
  if (window.kernel.length !== 1) throw unsupported(at.call, 'over volumes')
  const [kernel, strides, dilations] = [window.kernel, window.strides, window.dilations].map(v => [1, ...v])
  return {
    kernel,
    strides,
    dilations,
    before: [0, ...window.before],
    after: [0, ...window.after],
    group: window.group,
  }
}

/** What takes the gradient back through a transposed convolution is the convolution itself. */
function convolved({ dy, b, tape, attributes }: At): Value {
  const { output_padding, ...rest } = attributes
  return tape.op('Conv', [dy, b], rest)
}

export const CONV: Record<string, Rule> = {
  Conv: [
    at => {
      const { dy, a, b } = at
      return o.reshape(imageGradient(plane(dy), plane(b), planeWindow(at), plane(a).dims.slice(2)), a.dims)
    },
    at => o.reshape(kernelGradient(plane(at.a), plane(at.dy), planeWindow(at)), at.b.dims),
    perChannel,
  ],
  ConvTranspose: [
    convolved,
    at => o.reshape(kernelGradient(plane(at.dy), plane(at.a), planeWindow(at)), at.b.dims),
    perChannel,
  ],
}
