import { int, ints } from '../attributes.ts'
import { slideSizes, unslide, type Window, windowOf } from '../window.ts'
import { build, each, type NdArray, stridesOf } from './array.ts'
import type { Evaluate } from './types.ts'

/** Visits the positions under the window at `out`: the kernel index and the input position, or -1 in the padding. */
function underWindow(
  window: Window,
  sizes: readonly number[],
  out: readonly number[],
  visit: (tap: number, position: number, inside: boolean) => void,
): void {
  const strides = stridesOf(sizes)
  each(window.kernel, (tap, number) => {
    let position = 0
    let inside = true
    for (const [i, size] of sizes.entries()) {
      const at = out[i] * window.strides[i] - window.before[i] + tap[i] * window.dilations[i]
      inside &&= at >= 0 && at < size
      position += at * strides[i]
    }
    visit(number, inside ? position : -1, inside)
  })
}

const area = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1)

function conv(x: NdArray, w: NdArray, bias: NdArray | undefined, window: Window): NdArray {
  const sizes = x.dims.slice(2)
  const [channels, perGroup] = [w.dims[0], w.dims[1]]
  const dims = [x.dims[0], channels, ...slideSizes(sizes, window)]
  return build(x.type, dims, ([n, o, ...out]) => {
    const group = Math.floor(o / (channels / window.group))
    let sum = bias?.data[o] ?? 0
    underWindow(window, sizes, out, (tap, position, inside) => {
      for (let i = 0; inside && i < perGroup; i++) {
        const from = (n * x.dims[1] + group * perGroup + i) * area(sizes) + position
        sum += x.data[from] * w.data[(o * perGroup + i) * area(window.kernel) + tap]
      }
    })
    return sum
  })
}

/** Scatters every input element through the kernel: the definition, as the transpose of a convolution. */
function convTranspose(
  x: NdArray,
  w: NdArray,
  bias: NdArray | undefined,
  window: Window,
  outSizes: readonly number[],
): NdArray {
  const perGroup = w.dims[1]
  const channels = perGroup * window.group
  const out = build(x.type, [x.dims[0], channels, ...outSizes], ([, o]) => bias?.data[o] ?? 0)
  each(x.dims, ([n, c, ...at], from) => {
    const group = Math.floor(c / (x.dims[1] / window.group))
    underWindow(window, outSizes, at, (tap, position, inside) => {
      for (let o = 0; inside && o < perGroup; o++) {
        const to = (n * channels + group * perGroup + o) * area(outSizes) + position
        out.data[to] += x.data[from] * w.data[(c * perGroup + o) * area(window.kernel) + tap]
      }
    })
  })
  return out
}

const pool =
  (combine: (values: number[], padded: number) => number): Evaluate =>
  ([x], attributes) => {
    const sizes = x!.dims.slice(2)
    const window = windowOf(attributes, ints(attributes, 'kernel_shape', []), sizes)
    const dims = [...x!.dims.slice(0, 2), ...slideSizes(sizes, window, int(attributes, 'ceil_mode', 0) === 1)]
    const result = build(x!.type, dims, ([n, c, ...out]) => {
      const values: number[] = []
      let padded = 0
      underWindow(window, sizes, out, (_, position, inside) => {
        if (inside) values.push(x!.data[(n * dims[1] + c) * area(sizes) + position])
        else padded += int(attributes, 'count_include_pad', 0)
      })
      return combine(values, padded)
    })
    return [result]
  }

export const WINDOW: Record<string, Evaluate> = {
  Conv: ([x, w, bias], a) => [conv(x!, w!, bias, windowOf(a, w!.dims.slice(2), x!.dims.slice(2)))],
  ConvTranspose: ([x, w, bias], attributes) => {
    const { window, sizes } = unslide(attributes, w!.dims.slice(2), x!.dims.slice(2))
    return [convTranspose(x!, w!, bias, window, sizes)]
  },
  MaxPool: pool(values => Math.max(...values)),
  AveragePool: pool((values, padded) => values.reduce((a, b) => a + b, 0) / (values.length + padded)),
}
