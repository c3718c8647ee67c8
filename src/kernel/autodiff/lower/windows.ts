import { float, int, ints, text } from '../attributes.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import { slideSizes, unslide, type Window, windowOf } from '../window.ts'
import type { Lower } from './types.ts'
import { unsupported } from './unsupported.ts'

/** The window as explicit attributes, so that nobody reads defaults or `auto_pad` again. */
function explicit(window: Window) {
  return {
    kernel_shape: { ints: window.kernel },
    strides: { ints: window.strides },
    dilations: { ints: window.dilations },
    pads: { ints: [...window.before, ...window.after] },
  }
}

const convolution: Lower = ({ tape, op, name, inputs, x, y: w, attributes }) => {
  const window = windowOf(attributes, w.dims.slice(2), x.dims.slice(2))
  return tape.op(op, inputs, { ...explicit(window), group: { int: window.group } }, name)
}

const transposedConvolution: Lower = site => {
  const { tape, op, name, inputs, x, y: w, attributes } = site
  const { window, outputPadding, sizes } = unslide(attributes, w.dims.slice(2), x.dims.slice(2))
  const { strides, dilations } = window
  if (outputPadding.some((padding, i) => padding > 0 && padding >= Math.max(strides[i], dilations[i])))
    throw unsupported(site, 'with an output larger than its input reaches')
  // ONNX says one size of the output, and onnxruntime's kernel makes another.
  const same = text(attributes, 'auto_pad', 'NOTSET').startsWith('SAME') && !attributes.output_shape
  if (same && sizes.some((size, i) => size !== x.dims[i + 2] * strides[i]))
    throw unsupported(site, 'with auto_pad and strides larger than its window')
  const extra = { group: { int: window.group }, output_padding: { ints: outputPadding } }
  return tape.op(op, inputs, { ...explicit(window), ...extra }, name)
}

/** With `ceil_mode` the last windows reach over the edge: the same as more padding at the end. */
const pool: Lower = site => {
  const { tape, op, name, x, attributes } = site
  const sizes = x.dims.slice(2)
  const window = windowOf(attributes, ints(attributes, 'kernel_shape', []), sizes)
  const include = int(attributes, 'count_include_pad', 0)
  if (int(attributes, 'ceil_mode', 0) === 1) {
    if (include === 1) throw unsupported(site, 'with ceil_mode and count_include_pad together')
    for (const [i, out] of slideSizes(sizes, window, true).entries()) {
      const reach = (out - 1) * window.strides[i] + (window.kernel[i] - 1) * window.dilations[i] + 1
      window.after[i] = Math.max(window.after[i], reach - sizes[i] - window.before[i])
    }
  }
  const { dilations, ...rest } = explicit(window)
  if (op === 'MaxPool') return tape.op(op, [x], { ...rest, dilations }, name)
  if (window.dilations.some(step => step !== 1)) throw unsupported(site, 'with dilations')
  return tape.op(op, [x], { ...rest, count_include_pad: { int: include } }, name)
}

/** A vector with one element per channel, ready to broadcast over `x`. */
const byChannel = (vector: Value, x: Value) =>
  o.reshape(vector, [vector.dims[0], ...x.dims.slice(2).map(() => 1)])

export const WINDOWS: Record<string, Lower> = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  MaxPool: pool,
  AveragePool: pool,
  BatchNormalization: ({ x, y: scale, inputs, attributes }) => {
    const [, , bias, mean, variance] = inputs as Value[]
    const factor = o.div(scale, o.sqrt(o.add(variance, float(attributes, 'epsilon', 1e-5))))
    return o.add(o.mul(x, byChannel(factor, x)), byChannel(o.sub(bias, o.mul(mean, factor)), x))
  },
  /** Standardises groups of channels as one instance each, then scales and shifts by channel. */
  GroupNormalization: site => {
    const { tape, x, y: scale, inputs, attributes, opset } = site
    if (opset < 21) throw unsupported(site, 'before operator set 21, which scales by group,')
    const groups = int(attributes, 'num_groups', 1)
    const grouped = o.reshape(x, [x.dims[0], groups, -1])
    const ones = o.expand(tape.scalar(1, x.type), [groups])
    const zeros = o.expand(tape.scalar(0, x.type), [groups])
    const epsilon = { float: float(attributes, 'epsilon', 1e-5) }
    const standard = tape.op('InstanceNormalization', [grouped, ones, zeros], { epsilon })
    return o.add(o.mul(o.reshape(standard, x.dims), byChannel(scale, x)), byChannel(inputs[2]!, x))
  },
  Resize: site => {
    const { tape, op, name, inputs, attributes } = site
    const { keep_aspect_ratio_policy: policy, ...rest } = attributes
    if (policy && 'string' in policy && policy.string !== 'stretch')
      throw unsupported(site, 'with an aspect ratio policy')
    const mode = text(attributes, 'coordinate_transformation_mode', 'half_pixel')
    if (mode === 'tf_crop_and_resize') throw unsupported(site, `with ${mode}`)
    return tape.op(op, [inputs[0], undefined, inputs[2], inputs[3]], rest, name)
  },
}
