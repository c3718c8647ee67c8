import { createPlane, type Plane } from '../../images/pixels.ts'
import type { ChannelWeights, Feature, NetworkManifest } from './network.ts'

export interface FeatureDistance {
  value: number
  /** The distance at each place of each tap, for the forms that have one; weights of taps are `weight`. */
  places: { plane: Plane; weight: number }[]
}

/** Keeps what has no length (a dead feature) from dividing by zero, as in the official LPIPS. */
const EPSILON = 1e-10

/**
 * Distance of two images by their features, in the form of the manifest: a weighted mean over taps (`cosine`), a weighted
 * sum (`lpips`), or DISTS' sum over channels. Features must come from one manifest and have equal shapes.
 */
export function featureDistance(
  a: readonly Feature[],
  b: readonly Feature[],
  manifest: Pick<NetworkManifest, 'form' | 'taps'>,
  weights?: ChannelWeights,
): FeatureDistance {
  if (manifest.form === 'dists') return { value: distsDistance(a, b, manifest, weights), places: [] }
  const total = manifest.form === 'cosine' ? manifest.taps.reduce((sum, tap) => sum + tap.weight, 0) : 1
  const places = manifest.taps.map(({ output, weight }, i) => {
    const channel = weights?.[output]
    const plane =
      manifest.form === 'cosine'
        ? cosinePlaces(a[i], b[i])
        : normalizedPlaces(a[i], b[i], Array.isArray(channel) ? channel : undefined)
    return { plane, weight: weight / total }
  })
  return { value: places.reduce((sum, { plane, weight }) => sum + weight * mean(plane.data), 0), places }
}

/** 1 - cosine of the channels at each place: 0 (same direction) to 2. */
function cosinePlaces(a: Feature, b: Feature): Plane {
  const { aa, ab, bb } = products(a, b)
  const out = createPlane(a.width, a.height)
  for (let i = 0; i < out.data.length; i++) {
    const lengths = Math.sqrt(aa[i] * bb[i])
    // Two vectors of no length are the same; one of them alone is at a right angle to everything.
    out.data[i] = lengths > 0 ? Math.max(0, 1 - ab[i] / lengths) : aa[i] === bb[i] ? 0 : 1
  }
  return out
}

/** Squared difference of the channels at each place after scaling both to unit length, weighted per channel. */
function normalizedPlaces(a: Feature, b: Feature, channel: readonly number[] | undefined): Plane {
  const { aa, ab, bb } = products(a, b)
  const weighted = channel ? products(a, b, channel) : { aa, ab, bb }
  const out = createPlane(a.width, a.height)
  for (let i = 0; i < out.data.length; i++) {
    const p = Math.sqrt(aa[i]) + EPSILON
    const q = Math.sqrt(bb[i]) + EPSILON
    out.data[i] = weighted.aa[i] / (p * p) - (2 * weighted.ab[i]) / (p * q) + weighted.bb[i] / (q * q)
  }
  return out
}

/** Sums over channels, at each place, of a^2, ab and b^2. */
function products(a: Feature, b: Feature, channel?: readonly number[]) {
  const size = a.width * a.height
  const aa = new Float64Array(size)
  const ab = new Float64Array(size)
  const bb = new Float64Array(size)
  for (let c = 0; c < a.channels; c++) {
    const w = channel?.[c] ?? 1
    const start = c * size
    for (let i = 0; i < size; i++) {
      const p = a.data[start + i]
      const q = b.data[start + i]
      aa[i] += w * p * p
      ab[i] += w * p * q
      bb[i] += w * q * q
    }
  }
  return { aa, ab, bb }
}

/**
 * 1 - sum over taps and channels of alpha S1 + beta S2, where S1 compares the means and S2 the structure of a channel
 * over the image, both with c = 1e-6, and alpha and beta sum to 1 together (Ding et al. 2020).
 */
function distsDistance(
  a: readonly Feature[],
  b: readonly Feature[],
  { taps }: Pick<NetworkManifest, 'taps'>,
  weights: ChannelWeights | undefined,
): number {
  const c = 1e-6
  let similarity = 0
  let total = 0
  for (const [i, { output }] of taps.entries()) {
    const channel = weights?.[output]
    const { alpha, beta } = channel && !Array.isArray(channel) ? channel : { alpha: [], beta: [] }
    for (let k = 0; k < a[i].channels; k++) {
      const { meanA, meanB, varianceA, varianceB, covariance } = moments(a[i], b[i], k)
      const means = (2 * meanA * meanB + c) / (meanA ** 2 + meanB ** 2 + c)
      const structure = (2 * covariance + c) / (varianceA + varianceB + c)
      const [wa, wb] = [alpha[k] ?? 1, beta[k] ?? 1]
      similarity += wa * means + wb * structure
      total += wa + wb
    }
  }
  return 1 - similarity / total
}

function moments(a: Feature, b: Feature, channel: number) {
  const size = a.width * a.height
  const x = a.data.subarray(channel * size, (channel + 1) * size)
  const y = b.data.subarray(channel * size, (channel + 1) * size)
  const meanA = mean(x)
  const meanB = mean(y)
  let varianceA = 0
  let varianceB = 0
  let covariance = 0
  for (let i = 0; i < size; i++) {
    const p = x[i] - meanA
    const q = y[i] - meanB
    varianceA += p * p
    varianceB += q * q
    covariance += p * q
  }
  return {
    meanA,
    meanB,
    varianceA: varianceA / size,
    varianceB: varianceB / size,
    covariance: covariance / size,
  }
}

function mean(values: Float32Array | Float64Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}
