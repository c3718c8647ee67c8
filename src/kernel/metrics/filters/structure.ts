import type { Plane } from '../../images/pixels.ts'

/** Side of the window. */
export const WINDOW = 11
const C1 = (0.01 * 255) ** 2
const C2 = (0.03 * 255) ** 2

export interface Structure {
  /** Mean of luminance x contrast-structure over all windows. */
  ssim: number
  /** Mean of contrast-structure over all windows. */
  contrastStructure: number
}

/**
 * The terms of SSIM (Wang et al. 2004) of two planes with values 0..255: Gaussian windows of 11 x 11, sigma 1.5, that lie
 * inside the image; C1 = (0.01 x 255)^2, C2 = (0.03 x 255)^2; the contrast-structure term is limited to 0 from below.
 * The planes must be at least 11 x 11.
 *
 * Only four local means are needed, of a, b, a^2 + b^2 and ab, since the variances occur as a sum. They are filtered row
 * by row in buffers that stay in the processor's cache.
 *
 * @param map when given, filled with the SSIM of each window: (width - 10) x (height - 10)
 */
export function structure(a: Plane, b: Plane, map?: Float64Array): Structure {
  const { width, height } = a
  const columns = width - WINDOW + 1
  const rows = height - WINDOW + 1
  // The last 11 rows of each quantity, filtered along the row; row y is at slot y % 11.
  const rings = [0, 1, 2, 3].map(() => new Float64Array(WINDOW * columns))
  const [meanA, meanB, meanSquares, meanProduct] = rings.map(() => new Float64Array(columns))
  const squares = new Float64Array(width)
  const product = new Float64Array(width)
  const slots = new Int32Array(WINDOW)
  let ssim = 0
  let contrastStructure = 0
  for (let y = 0; y < height; y++) {
    const rowA = a.data.subarray(y * width, (y + 1) * width)
    const rowB = b.data.subarray(y * width, (y + 1) * width)
    for (let x = 0; x < width; x++) {
      const p = rowA[x]
      const q = rowB[x]
      squares[x] = p * p + q * q
      product[x] = p * q
    }
    const slot = (y % WINDOW) * columns
    alongRow(rowA, rings[0], slot, columns)
    alongRow(rowB, rings[1], slot, columns)
    alongRow(squares, rings[2], slot, columns)
    alongRow(product, rings[3], slot, columns)
    if (y < WINDOW - 1) continue
    for (let t = 0; t < WINDOW; t++) slots[t] = ((y + 1 + t) % WINDOW) * columns
    acrossRows(rings[0], slots, meanA)
    acrossRows(rings[1], slots, meanB)
    acrossRows(rings[2], slots, meanSquares)
    acrossRows(rings[3], slots, meanProduct)
    const at = (y - WINDOW + 1) * columns
    for (let x = 0; x < columns; x++) {
      const p = meanA[x]
      const q = meanB[x]
      const ofProduct = p * q
      const ofSquares = p * p + q * q
      const cs = Math.max(0, (2 * (meanProduct[x] - ofProduct) + C2) / (meanSquares[x] - ofSquares + C2))
      const value = (cs * (2 * ofProduct + C1)) / (ofSquares + C1)
      contrastStructure += cs
      ssim += value
      if (map) map[at + x] = value
    }
  }
  return { ssim: ssim / (rows * columns), contrastStructure: contrastStructure / (rows * columns) }
}

const [W0, W1, W2, W3, W4, W5] = halfKernel()

/** The symmetric 11-tap filter along a row; written out, because a loop over taps is four times slower. */
function alongRow(s: Float64Array, out: Float64Array, at: number, count: number): void {
  for (let x = 0; x < count; x++) {
    out[at + x] =
      W5 * s[x + 5] +
      W4 * (s[x + 4] + s[x + 6]) +
      W3 * (s[x + 3] + s[x + 7]) +
      W2 * (s[x + 2] + s[x + 8]) +
      W1 * (s[x + 1] + s[x + 9]) +
      W0 * (s[x] + s[x + 10])
  }
}

/** The same filter down the columns, over the 11 rows of a ring that start at `slots`. */
function acrossRows(r: Float64Array, slots: Int32Array, out: Float64Array): void {
  const [a, b, c, d, e, f, g, h, i, j, k] = slots
  for (let x = 0; x < out.length; x++) {
    out[x] =
      W5 * r[f + x] +
      W4 * (r[e + x] + r[g + x]) +
      W3 * (r[d + x] + r[h + x]) +
      W2 * (r[c + x] + r[i + x]) +
      W1 * (r[b + x] + r[j + x]) +
      W0 * (r[a + x] + r[k + x])
  }
}

/** The first six of the eleven weights; the others mirror them. */
function halfKernel(): number[] {
  const weights = Array.from({ length: WINDOW }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.slice(0, 6).map(weight => weight / sum)
}
