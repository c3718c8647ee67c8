import { createPlane, type Plane } from '../../images/pixels.ts'

/**
 * Gaussian blur, separable, cut off at 4 sigma; outside the image it is mirrored with the edge pixel repeated (the default
 * of scipy.ndimage.gaussian_filter).
 */
export function gaussianBlur(plane: Plane, sigma: number): Plane {
  const { width, height, data } = plane
  const weights = halfGaussian(sigma)
  const radius = weights.length - 1
  const between = createPlane(width, height)
  const padded = new Float64Array(width + 2 * radius)
  for (let y = 0; y < height; y++) {
    const row = y * width
    for (let i = 0; i < padded.length; i++) padded[i] = data[row + mirror(i - radius, width)]
    for (let x = 0; x < width; x++) {
      let sum = weights[0] * padded[x + radius]
      for (let t = 1; t <= radius; t++) sum += weights[t] * (padded[x + radius - t] + padded[x + radius + t])
      between.data[row + x] = sum
    }
  }
  const out = createPlane(width, height)
  for (let y = 0; y < height; y++) {
    // Whole rows are summed, so that the inner loop runs along memory.
    const to = out.data.subarray(y * width, (y + 1) * width)
    const centre = between.data.subarray(y * width, (y + 1) * width)
    for (let x = 0; x < width; x++) to[x] = weights[0] * centre[x]
    for (let t = 1; t <= radius; t++) {
      const above = mirror(y - t, height) * width
      const below = mirror(y + t, height) * width
      const w = weights[t]
      for (let x = 0; x < width; x++) to[x] += w * (between.data[above + x] + between.data[below + x])
    }
  }
  return out
}

/** A plane minus its Gaussian blur. */
export function highPass(plane: Plane, sigma: number): Plane {
  const out = gaussianBlur(plane, sigma)
  for (let i = 0; i < out.data.length; i++) out.data[i] = plane.data[i] - out.data[i]
  return out
}

/** Weights at distance 0, 1, ... 4 sigma, which sum to 1 over both sides. */
function halfGaussian(sigma: number): number[] {
  const weights = Array.from({ length: Math.floor(4 * sigma + 0.5) + 1 }, (_, t) =>
    Math.exp((-0.5 * t * t) / (sigma * sigma)),
  )
  const sum = weights.reduce((total, weight, t) => total + (t === 0 ? weight : 2 * weight), 0)
  return weights.map(weight => weight / sum)
}

function mirror(i: number, n: number): number {
  const period = 2 * n
  const j = ((i % period) + period) % period
  return j < n ? j : period - 1 - j
}
