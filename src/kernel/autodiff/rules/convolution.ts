import { countOf } from '../../onnx/elements.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import type { Window } from '../window.ts'

/**
 * Gradients of a two-dimensional convolution `y[N,O,h,w] = x[N,I,H,W] * w[O,I/group,kh,kw]`.
 *
 * Runtimes have a fast Conv and a fast Gemm, and a slow ConvTranspose; so the gradients are built from the first two.
 */

/** With respect to the image: the convolution of `dy` with the kernel flipped in space and transposed in channels. */
export function imageGradient(dy: Value, w: Value, window: Window, sizes: readonly number[]): Value {
  const { kernel, strides, dilations, before, after, group } = window
  if (strides.some(stride => stride !== 1)) return transposed(dy, w, window, sizes)
  const reach = kernel.map((k, i) => (k - 1) * dilations[i])
  const pads = [...before.map((p, i) => reach[i] - p), ...after.map((p, i) => reach[i] - p)]
  // Padding wider than the kernel reaches is cropped off instead.
  const crop = pads.map(p => Math.min(0, p))
  const cropped = o.pad(dy, [0, 0, ...crop.slice(0, 2)], [0, 0, ...crop.slice(2)])
  return dy.tape.op('Conv', [cropped, turned(w, group)], {
    kernel_shape: { ints: kernel },
    strides: { ints: [1, 1] },
    dilations: { ints: dilations },
    pads: { ints: pads.map(p => Math.max(0, p)) },
    group: { int: group },
  })
}

/** `[O, I/g, kh, kw]` to `[I, O/g, kh, kw]`, flipped in space. */
function turned(w: Value, group: number): Value {
  const [outs, ins, kh, kw] = w.dims
  const grouped = o.reshape(w, [group, outs / group, ins, kh, kw])
  const swapped = o.reshape(o.transpose(grouped, [0, 2, 1, 3, 4]), [group * ins, outs / group, kh, kw])
  return o.flip(swapped, [2, 3])
}

function transposed(dy: Value, w: Value, window: Window, sizes: readonly number[]): Value {
  const { kernel, strides, dilations, before, after, group } = window
  const reached = kernel.map(
    (k, i) => strides[i] * (dy.dims[i + 2] - 1) + (k - 1) * dilations[i] + 1 - before[i] - after[i],
  )
  return dy.tape.op('ConvTranspose', [dy, w], {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    dilations: { ints: dilations },
    pads: { ints: [...before, ...after] },
    output_padding: { ints: sizes.map((size, i) => size - reached[i]) },
    group: { int: group },
  })
}

/** With respect to the kernel: correlations of image and `dy`, as one Gemm over shifted copies. */
export function kernelGradient(x: Value, dy: Value, window: Window): Value {
  const [kh, kw] = window.kernel
  const strided = window.strides.some(stride => stride !== 1)
  if (window.group > 1) return grouped(x, dy, window)
  if (strided && window.dilations.every(step => step === 1)) return byPhases(x, dy, window)
  const [ins, outs] = [x.dims[1], dy.dims[1]]
  const copies = { image: kh * kw * ins, separable: kh * ins + kw * outs, gradient: kh * kw * outs }
  const least = Math.min(copies.image, copies.separable, copies.gradient)
  if (strided || least === copies.image) return shiftedImage(x, dy, window)
  return least === copies.gradient ? shiftedGradient(x, dy, window) : separable(x, dy, window)
}

/** `[N, C, H, W]` to `[C, N, H, W]`, so that one Gemm sums over images too. */
export function channelsFirst(x: Value): Value {
  const [n, c, h, w] = x.dims
  return n === 1 || c === 1 ? o.reshape(x, [c, n, h, w]) : o.transpose(x, [1, 0, 2, 3])
}

/** All axes but the first in one. */
const rows = (x: Value) => o.reshape(x, [x.dims[0], countOf(x.dims.slice(1))])

const taps = (kernel: readonly number[]) =>
  Array.from({ length: kernel[0] * kernel[1] }, (_, i) => [Math.floor(i / kernel[1]), i % kernel[1]])

/** The image as one tap of the window sees it: `[C, N, h, w]`. */
function seen(x: Value, window: Window, tap: readonly number[], out: readonly number[]): Value {
  const { strides, dilations, before } = window
  const start = tap.map((t, i) => t * dilations[i])
  const span = out.map((size, i) => (size - 1) * strides[i] + 1)
  const top = before.map((p, i) => p - start[i])
  const bottom = span.map((size, i) => size - x.dims[i + 2] - top[i])
  let view = o.pad(x, [0, 0, ...top], [0, 0, ...bottom])
  for (const [i, stride] of strides.entries()) view = o.slice(view, i + 2, 0, span[i], stride)
  return view
}

/** im2col: an image copy per tap. */
function shiftedImage(x: Value, dy: Value, window: Window): Value {
  const [kh, kw] = window.kernel
  const image = channelsFirst(x)
  const copies = taps(window.kernel).map(tap => seen(image, window, tap, dy.dims.slice(2)))
  const product = o.timesTransposed(rows(channelsFirst(dy)), rows(o.concat(copies, 0)))
  return o.transpose(o.reshape(product, [dy.dims[1], kh, kw, x.dims[1]]), [0, 3, 1, 2])
}

/** The same with `dy` shifted against a still image, for when `dy` has few channels. */
function shiftedGradient(x: Value, dy: Value, window: Window): Value {
  const { kernel, dilations, before } = window
  const gradient = channelsFirst(dy)
  const copies = taps(kernel).map(tap => {
    const top = tap.map((t, i) => t * dilations[i] - before[i])
    const bottom = top.map((t, i) => x.dims[i + 2] - dy.dims[i + 2] - t)
    return o.pad(gradient, [0, 0, ...top], [0, 0, ...bottom])
  })
  const product = o.timesTransposed(rows(o.concat(copies, 0)), rows(channelsFirst(x)))
  return o.transpose(o.reshape(product, [kernel[0], kernel[1], dy.dims[1], x.dims[1]]), [2, 3, 0, 1])
}

/**
 * Rows of the image shifted against columns of `dy`: kh + kw copies where im2col makes kh · kw, at the same number of
 * multiplications. Both are laid out as wide as the padded image, so that a shift of columns never wraps into a row.
 */
function separable(x: Value, dy: Value, window: Window): Value {
  const { kernel, dilations, before, after } = window
  const [kh, kw] = kernel
  const image = channelsFirst(x)
  const gradient = channelsFirst(dy)
  const byRow = Array.from({ length: kh }, (_, tap) => {
    const top = before[0] - tap * dilations[0]
    return o.pad(image, [0, 0, top, before[1]], [0, 0, dy.dims[2] - x.dims[2] - top, after[1]])
  })
  const byColumn = Array.from({ length: kw }, (_, tap) => {
    const left = tap * dilations[1]
    return o.padAxis(gradient, 3, left, byRow[0].dims[3] - dy.dims[3] - left)
  })
  const product = o.timesTransposed(rows(o.concat(byColumn, 0)), rows(o.concat(byRow, 0)))
  return o.transpose(o.reshape(product, [kw, dy.dims[1], kh, x.dims[1]]), [1, 3, 2, 0])
}

/** A strided convolution is an unstrided one of the image with its phases as channels. */
function byPhases(x: Value, dy: Value, window: Window): Value {
  const { kernel, strides, before } = window
  const [n, ins] = x.dims
  const [sh, sw] = strides
  const small = kernel.map((k, i) => Math.ceil(k / strides[i]))
  const blocks = small.map((k, i) => dy.dims[i + 2] + k - 1)
  const after = blocks.map((count, i) => count * strides[i] - before[i] - x.dims[i + 2])
  const padded = o.pad(x, [0, 0, ...before], [0, 0, ...after])
  const apart = o.reshape(padded, [n, ins, blocks[0], sh, blocks[1], sw])
  const phases = o.reshape(o.transpose(apart, [0, 1, 3, 5, 2, 4]), [n, ins * sh * sw, ...blocks])
  const still: Window = {
    kernel: small,
    strides: [1, 1],
    dilations: [1, 1],
    before: [0, 0],
    after: [0, 0],
    group: 1,
  }
  const gradient = o.reshape(kernelGradient(phases, dy, still), [dy.dims[1], ins, sh, sw, ...small])
  const joined = o.transpose(gradient, [0, 1, 4, 2, 5, 3])
  const whole = o.reshape(joined, [dy.dims[1], ins, small[0] * sh, small[1] * sw])
  return o.slice(o.slice(whole, 2, 0, kernel[0]), 3, 0, kernel[1])
}

/** im2col with one product per group. */
function grouped(x: Value, dy: Value, window: Window): Value {
  const { kernel, group } = window
  const image = channelsFirst(x)
  const [ins, outs] = [x.dims[1] / group, dy.dims[1] / group]
  const copies = taps(kernel).map(tap => {
    const view = seen(image, window, tap, dy.dims.slice(2))
    return o.reshape(view, [group, ins, countOf(view.dims.slice(1))])
  })
  const gradient = o.reshape(channelsFirst(dy), [group, outs, copies[0].dims[2]])
  const product = o.matmul(gradient, o.swapLast(o.concat(copies, 1)))
  return o.transpose(o.reshape(product, [dy.dims[1], ...kernel, ins]), [0, 3, 1, 2])
}
