import type { Plane } from '../../src/kernel/images/pixels.ts'

/** Slow and obvious versions of src/kernel/metrics/filters: one output at a time, straight from the definition. */

export function gaussianBlurReference({ width, height, data }: Plane, sigma: number): number[] {
  const radius = Math.floor(4 * sigma + 0.5)
  const inside = (i: number, n: number): number =>
    i < 0 ? inside(-1 - i, n) : i >= n ? inside(2 * n - 1 - i, n) : i
  return places(width, height).map(([x, y]) => {
    let sum = 0
    let total = 0
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        const weight = Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
        sum += weight * data[inside(y + dy, height) * width + inside(x + dx, width)]
        total += weight
      }
    }
    return sum / total
  })
}

export function boxMeansReference({ width, height, data }: Plane, side: number): number[] {
  return places(width - side + 1, height - side + 1).map(([x, y]) => {
    let sum = 0
    for (const [dx, dy] of places(side, side)) sum += data[(y + dy) * width + x + dx]
    return sum / side ** 2
  })
}

/** SSIM and contrast-structure of every window, with the variances as Wang et al. write them. */
export function structureReference(a: Plane, b: Plane): { ssim: number; cs: number }[] {
  const weights = places(11, 11).map(([x, y]) => Math.exp(-((x - 5) ** 2 + (y - 5) ** 2) / (2 * 1.5 ** 2)))
  const total = weights.reduce((sum, weight) => sum + weight)
  const [c1, c2] = [6.5025, 58.5225]
  return places(a.width - 10, a.height - 10).map(([x, y]) => {
    const windowOf = (plane: Plane) =>
      places(11, 11).map(([dx, dy]) => plane.data[(y + dy) * plane.width + x + dx])
    const p = windowOf(a)
    const q = windowOf(b)
    const mean = (value: (i: number) => number) =>
      weights.reduce((sum, weight, i) => sum + weight * value(i), 0) / total
    const mp = mean(i => p[i])
    const mq = mean(i => q[i])
    const vp = mean(i => (p[i] - mp) ** 2)
    const vq = mean(i => (q[i] - mq) ** 2)
    const covariance = mean(i => (p[i] - mp) * (q[i] - mq))
    const cs = Math.max(0, (2 * covariance + c2) / (vp + vq + c2))
    return { cs, ssim: (cs * (2 * mp * mq + c1)) / (mp ** 2 + mq ** 2 + c1) }
  })
}

/** Each value goes to where the other's share of values up to it is the same, between its distinct values linearly. */
export function matchHistogramReference(values: number[], target: number[]): number[] {
  const share = (list: number[], value: number) => list.filter(other => other <= value).length / list.length
  const distinct = [...new Set(target)].sort((a, b) => a - b)
  return values.map(value => {
    const wanted = share(values, value)
    const above = distinct.findIndex(other => share(target, other) >= wanted)
    if (above === 0) return distinct[0]
    const [x0, x1] = [share(target, distinct[above - 1]), share(target, distinct[above])]
    return distinct[above - 1] + ((wanted - x0) / (x1 - x0)) * (distinct[above] - distinct[above - 1])
  })
}

function places(width: number, height: number): [number, number][] {
  return Array.from({ length: width * height }, (_, i) => [i % width, Math.floor(i / width)])
}
