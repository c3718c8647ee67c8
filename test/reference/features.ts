import type { Feature } from '../../src/kernel/metrics/features/network.ts'

/** Distances of features written place by place and channel by channel, from the papers; slow. */

function channelsAt(feature: Feature, place: number): number[] {
  const size = feature.width * feature.height
  return Array.from({ length: feature.channels }, (_, c) => feature.data[c * size + place])
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
const mean = (values: number[]) => sum(values) / values.length
const length = (vector: number[]) => Math.sqrt(sum(vector.map(value => value * value)))

export function cosineReference(a: Feature, b: Feature): number {
  const places = Array.from({ length: a.width * a.height }, (_, i) => {
    const p = channelsAt(a, i)
    const q = channelsAt(b, i)
    return 1 - sum(p.map((value, c) => value * q[c])) / (length(p) * length(q))
  })
  return mean(places)
}

/** Zhang et al. 2018, equation 1: sum over channels of w (p/|p| - q/|q|)^2, mean over places. */
export function lpipsReference(a: Feature, b: Feature, weights: number[]): number {
  const places = Array.from({ length: a.width * a.height }, (_, i) => {
    const p = channelsAt(a, i)
    const q = channelsAt(b, i)
    const [lp, lq] = [length(p) + 1e-10, length(q) + 1e-10]
    return sum(p.map((value, c) => weights[c] * (value / lp - q[c] / lq) ** 2))
  })
  return mean(places)
}

/** Ding et al. 2020, equations 5 to 7, for one tap: sum over channels of alpha l + beta s. */
export function distsReference(a: Feature, b: Feature, alpha: number[], beta: number[]): number {
  const size = a.width * a.height
  const similarities = Array.from({ length: a.channels }, (_, c) => {
    const x = [...a.data.subarray(c * size, (c + 1) * size)]
    const y = [...b.data.subarray(c * size, (c + 1) * size)]
    const [mx, my] = [mean(x), mean(y)]
    const vx = mean(x.map(value => (value - mx) ** 2))
    const vy = mean(y.map(value => (value - my) ** 2))
    const covariance = mean(x.map((value, i) => (value - mx) * (y[i] - my)))
    const l = (2 * mx * my + 1e-6) / (mx ** 2 + my ** 2 + 1e-6)
    const s = (2 * covariance + 1e-6) / (vx + vy + 1e-6)
    return alpha[c] * l + beta[c] * s
  })
  return sum(similarities)
}

/** Convolution with 3 x 3 kernels (out x in x 3 x 3), zeros outside, every second place, then ReLU. */
export function convolveReference(input: Feature, kernels: ArrayLike<number>, out: number): Feature {
  const width = Math.ceil(input.width / 2)
  const height = Math.ceil(input.height / 2)
  const data = new Float32Array(out * width * height)
  for (let o = 0, k = 0; o < out; o++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, k++) {
        let total = 0
        for (let c = 0; c < input.channels; c++) {
          for (let i = 0; i < 9; i++) {
            const row = 2 * y + Math.floor(i / 3) - 1
            const column = 2 * x + (i % 3) - 1
            if (row < 0 || column < 0 || row >= input.height || column >= input.width) continue
            const value = input.data[(c * input.height + row) * input.width + column]
            total += kernels[(o * input.channels + c) * 9 + i] * value
          }
        }
        data[k] = Math.max(0, total)
      }
    }
  }
  return { channels: out, width, height, data }
}
