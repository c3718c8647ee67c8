import { type Attributes, int, ints, text } from './attributes.ts'

/** Geometry of a sliding window (convolution or pooling) over the spatial axes, one entry per axis. */
export interface Window {
  kernel: number[]
  strides: number[]
  dilations: number[]
  /** Padding before and after each axis. */
  before: number[]
  after: number[]
  group: number
}

/** Reads the window attributes; `auto_pad` needs the input's spatial sizes. */
export function windowOf(
  attributes: Attributes,
  kernel: readonly number[],
  sizes: readonly number[],
): Window {
  const rank = kernel.length
  const ones = kernel.map(() => 1)
  const strides = [...ints(attributes, 'strides', ones)]
  const dilations = [...ints(attributes, 'dilations', ones)]
  const pads = ints(attributes, 'pads', new Array<number>(2 * rank).fill(0))
  const window: Window = {
    kernel: [...kernel],
    strides,
    dilations,
    before: pads.slice(0, rank),
    after: pads.slice(rank),
    group: int(attributes, 'group', 1),
  }
  const auto = text(attributes, 'auto_pad', 'NOTSET')
  if (!auto.startsWith('SAME')) return window
  for (let i = 0; i < rank; i++) {
    const out = Math.ceil(sizes[i] / strides[i])
    const total = Math.max(0, (out - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - sizes[i])
    const small = Math.floor(total / 2)
    window.before[i] = auto === 'SAME_UPPER' ? small : total - small
    window.after[i] = total - window.before[i]
  }
  return window
}

/** Output sizes of a convolution or a pool. */
export function slideSizes(sizes: readonly number[], window: Window, ceil = false): number[] {
  return sizes.map((size, i) => {
    const { kernel, strides, dilations, before, after } = window
    const free = size + before[i] + after[i] - (kernel[i] - 1) * dilations[i] - 1
    const out = (ceil ? Math.ceil : Math.floor)(free / strides[i]) + 1
    // With ceil, a window that would start in the padding at the end is left out.
    return ceil && (out - 1) * strides[i] >= size + before[i] ? out - 1 : out
  })
}

/** What a transposed convolution makes of its input. */
export interface Unslid {
  window: Window
  /** Added at the end of each axis of the output. */
  outputPadding: number[]
  /** Sizes of the output. */
  sizes: number[]
}

/**
 * A transposed convolution. It may name the sizes of its output (`output_shape`, or `auto_pad` SAME_*, which is at most the
 * input's times the strides) instead of the padding that gives them. Of an odd padding the larger half is before, but for
 * SAME_UPPER after; so does onnxruntime.
 */
export function unslide(attributes: Attributes, kernel: readonly number[], sizes: readonly number[]): Unslid {
  const window = windowOf(attributes, kernel, sizes)
  const { strides, dilations, before, after } = window
  const outputPadding = [
    ...ints(
      attributes,
      'output_padding',
      kernel.map(() => 0),
    ),
  ]
  const whole = sizes.map(
    (size, i) => strides[i] * (size - 1) + outputPadding[i] + (kernel[i] - 1) * dilations[i] + 1,
  )
  const auto = text(attributes, 'auto_pad', 'NOTSET')
  const named = ints(attributes, 'output_shape', []).slice(-kernel.length)
  const same = auto.startsWith('SAME') ? sizes.map((size, i) => size * strides[i]) : undefined
  const wanted = named.length > 0 ? named : same
  for (const [i, size] of wanted?.entries() ?? []) {
    const total = Math.max(0, whole[i] - size)
    const small = Math.floor(total / 2)
    before[i] = auto === 'SAME_UPPER' ? small : total - small
    after[i] = total - before[i]
    if (named.length === 0) continue
    // A larger output than there is anything for ends in zeros.
    outputPadding[i] += Math.max(0, size - whole[i])
  }
  return {
    window,
    outputPadding,
    sizes: named.length > 0 ? [...named] : whole.map((all, i) => all - before[i] - after[i]),
  }
}
