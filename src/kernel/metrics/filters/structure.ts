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
 * Only four local means are needed, of a, b, a^2 + b^2 and ab, since the variances occur as a sum. Each row of windows is
 * filtered down the columns and then along the row, in buffers of one row that stay in the processor's cache.
 *
 * @param map when given, filled with the SSIM of each window: (width - 10) x (height - 10)
 */
export function structure(a: Plane, b: Plane, map?: Float64Array): Structure {
  const { width, height } = a
  const columns = width - WINDOW + 1
  const rows = height - WINDOW + 1
  const down = means(width)
  const local = means(columns)
  let ssim = 0
  let contrastStructure = 0
  for (let y = 0; y < rows; y++) {
    filterDown(a, b, y, down)
    filterAlong(down.a, local.a)
    filterAlong(down.b, local.b)
    filterAlong(down.squares, local.squares)
    filterAlong(down.product, local.product)
    for (let x = 0; x < columns; x++) {
      const p = local.a[x]
      const q = local.b[x]
      const ofProduct = p * q
      const ofSquares = p * p + q * q
      const covariance = local.product[x] - ofProduct
      const cs = Math.max(0, (2 * covariance + C2) / (local.squares[x] - ofSquares + C2))
      const value = (cs * (2 * ofProduct + C1)) / (ofSquares + C1)
      contrastStructure += cs
      ssim += value
      if (map) map[y * columns + x] = value
    }
  }
  return { ssim: ssim / (rows * columns), contrastStructure: contrastStructure / (rows * columns) }
}

/** Weighted means of a, b, a^2 + b^2 and ab. */
interface Means {
  a: Float64Array
  b: Float64Array
  squares: Float64Array
  product: Float64Array
}

function means(count: number): Means {
  const buffer = () => new Float64Array(count)
  return { a: buffer(), b: buffer(), squares: buffer(), product: buffer() }
}

const WEIGHTS = windowWeights()

/** The filter down the columns, over the eleven rows from `top`. */
function filterDown(a: Plane, b: Plane, top: number, out: Means): void {
  const { width } = a
  for (const buffer of [out.a, out.b, out.squares, out.product]) buffer.fill(0)
  for (let t = 0; t < WINDOW; t++) {
    addRow(WEIGHTS[t], rowOf(a, top + t), rowOf(b, top + t), width, out.a, out.b, out.squares, out.product)
  }
}

function rowOf({ width, data }: Plane, y: number): Float64Array {
  return data.subarray(y * width, (y + 1) * width)
}

/** Adds one row, weighted. The buffers are parameters because this is the innermost loop: their lookup would be half of it. */
function addRow(
  weight: number,
  rowA: Float64Array,
  rowB: Float64Array,
  width: number,
  sumA: Float64Array,
  sumB: Float64Array,
  squares: Float64Array,
  product: Float64Array,
): void {
  for (let x = 0; x < width; x++) {
    const p = rowA[x]
    const q = rowB[x]
    const u = weight * p
    const v = weight * q
    sumA[x] += u
    sumB[x] += v
    squares[x] += u * p + v * q
    product[x] += u * q
  }
}

/** The same filter along a row. Values slide through eleven variables, so that each is read once. */
function filterAlong(row: Float64Array, out: Float64Array): void {
  const [w0, w1, w2, w3, w4, w5] = WEIGHTS
  // Destructuring would go through an iterator, which takes longer than the filter.
  let s0 = row[0]
  let s1 = row[1]
  let s2 = row[2]
  let s3 = row[3]
  let s4 = row[4]
  let s5 = row[5]
  let s6 = row[6]
  let s7 = row[7]
  let s8 = row[8]
  let s9 = row[9]
  for (let x = 0; x < out.length; x++) {
    const s10 = row[x + 10]
    out[x] = w5 * s5 + w4 * (s4 + s6) + w3 * (s3 + s7) + w2 * (s2 + s8) + w1 * (s1 + s9) + w0 * (s0 + s10)
    s0 = s1
    s1 = s2
    s2 = s3
    s3 = s4
    s4 = s5
    s5 = s6
    s6 = s7
    s7 = s8
    s8 = s9
    s9 = s10
  }
}

function windowWeights(): number[] {
  const weights = Array.from({ length: WINDOW }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map(weight => weight / sum)
}
