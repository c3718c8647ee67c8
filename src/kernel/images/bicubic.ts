import { channelOf, createPixels, type Pixels } from './pixels.ts'

/**
 * Bicubic resampling as MATLAB's `imresize` does it, which is how the low-resolution side of super-resolution data sets
 * is made: Keys' kernel with a = -0.5 (R. Keys, "Cubic convolution interpolation for digital image processing", 1981),
 * pixel centres at half-integers, edges mirrored with the edge pixel repeated, weights normalised to sum 1. When it
 * shrinks, the kernel is widened by the ratio (`antialias`), so that nothing aliases. Values are neither limited nor
 * rounded.
 */
export function resizeBicubic(
  image: Pixels,
  width: number,
  height: number,
  options: { antialias?: boolean } = {},
): Pixels {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`cannot resize to ${width}x${height}`)
  }
  const antialias = options.antialias ?? true
  const rows = axisWeights(image.height, height, antialias)
  const columns = axisWeights(image.width, width, antialias)
  const out = createPixels(width, height, image.channels)
  // Rows first: whole rows are summed, so the inner loop runs along memory.
  const between = new Float64Array(image.width * height)
  for (let c = 0; c < image.channels; c++) {
    resampleRows(channelOf(image, c), image.width, rows, between)
    resampleColumns(between, image.width, columns, channelOf(out, c))
  }
  return out
}

/** Keys' cubic kernel with a = -0.5; zero beyond |x| = 2. */
export function keys(x: number): number {
  const t = Math.abs(x)
  if (t <= 1) return (1.5 * t - 2.5) * t * t + 1
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2
  return 0
}

/** For each output position, `taps` source positions and their weights. */
export interface AxisWeights {
  taps: number
  index: Int32Array
  weight: Float64Array
}

/** Weights along one axis from `from` samples to `to`. */
export function axisWeights(from: number, to: number, antialias: boolean): AxisWeights {
  const scale = to / from
  const stretch = antialias && scale < 1 ? 1 / scale : 1
  const taps = Math.ceil(4 * stretch) + 2
  const index = new Int32Array(to * taps)
  const weight = new Float64Array(to * taps)
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) / scale - 0.5
    const first = Math.floor(centre - 2 * stretch)
    let sum = 0
    for (let t = 0; t < taps; t++) {
      const w = keys((centre - (first + t)) / stretch)
      index[i * taps + t] = mirror(first + t, from)
      weight[i * taps + t] = w
      sum += w
    }
    for (let t = 0; t < taps; t++) weight[i * taps + t] /= sum
  }
  return { taps, index, weight }
}

/** ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ... */
function mirror(i: number, n: number): number {
  const period = 2 * n
  const j = ((i % period) + period) % period
  return j < n ? j : period - 1 - j
}

function resampleRows(
  source: Float32Array,
  width: number,
  { taps, index, weight }: AxisWeights,
  out: Float64Array,
): void {
  out.fill(0)
  for (let y = 0, k = 0; k < weight.length; y++) {
    const to = y * width
    for (let t = 0; t < taps; t++, k++) {
      const w = weight[k]
      if (w === 0) continue
      const from = index[k] * width
      for (let x = 0; x < width; x++) out[to + x] += w * source[from + x]
    }
  }
}

function resampleColumns(
  source: Float64Array,
  width: number,
  { taps, index, weight }: AxisWeights,
  out: Float32Array,
): void {
  const outWidth = weight.length / taps
  const height = source.length / width
  for (let y = 0; y < height; y++) {
    for (let x = 0, k = 0; x < outWidth; x++) {
      let sum = 0
      for (let t = 0; t < taps; t++, k++) sum += weight[k] * source[y * width + index[k]]
      out[y * outWidth + x] = sum
    }
  }
}
