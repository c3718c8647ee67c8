import { channelOf, createPixels, type Pixels } from './pixels.ts'

/** Added to the variance, as in the AdaIN of StableSR and OSEDiff. */
const EPSILON = 1e-5

/**
 * Gives an image the mean and the standard deviation of another, channel by channel:
 * (x - mean) / sd * sd_of + mean_of, limited to 0..1. The variance is the unbiased one, plus 1e-5. This is how diffusion
 * models of super-resolution are brought back to the colours of their LR image (X. Huang and S. Belongie, "Arbitrary style
 * transfer in real-time with adaptive instance normalization", ICCV 2017; as used by https://github.com/IceClear/StableSR).
 */
export function adain(image: Pixels, of: Pixels): Pixels {
  const out = createPixels(image.width, image.height, image.channels)
  for (let c = 0; c < image.channels; c++) {
    const [from, to] = [channelOf(image, c), channelOf(out, c)]
    const own = moments(from)
    const wanted = moments(channelOf(of, c))
    for (let i = 0; i < from.length; i++) {
      const value = ((from[i] - own.mean) / own.deviation) * wanted.deviation + wanted.mean
      to[i] = Math.min(1, Math.max(0, value))
    }
  }
  return out
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1) + EPSILON) }
}
