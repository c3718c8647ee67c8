import * as z from 'zod'
import { resizeBicubic } from '../images/bicubic.ts'
import { channelOf, createPixels, type Pixels, quantize8 } from '../images/pixels.ts'
import type { Rng } from '../stats/resampling/rng.ts'

const range = (low: number, high: number, description: string) =>
  z.tuple([z.number(), z.number()]).default([low, high]).meta({ description })
const share = (value: number, description: string) =>
  z.number().min(0).max(1).default(value).meta({ description })

const order = (d: {
  blur: number
  sigma: number
  up: number
  down: number
  resize: [number, number]
  noise: number
  poisson: number
}) =>
  z
    .strictObject({
      blur: share(d.blur, 'How often the image is blurred.'),
      sigma: range(
        0.2,
        d.sigma,
        'Standard deviations of the Gaussian blur, pixels; drawn for each direction.',
      ),
      up: share(d.up, 'How often the image is enlarged.'),
      down: share(d.down, 'How often the image is reduced.'),
      resize: range(...d.resize, 'Smallest and largest factor.'),
      noise: range(1, d.noise, 'Standard deviation of Gaussian noise, levels of 255.'),
      poisson: range(0.05, d.poisson, 'Strength of Poisson noise.'),
      gaussian: share(0.5, 'How often the noise is Gaussian, not Poisson.'),
      grey: share(0.4, 'How often the noise is the same in all channels.'),
      jpeg: range(30, 95, 'Quality of the JPEG compression.'),
    })
    .prefault({})

/**
 * How an LR is made for images that have none. `second-order` follows Real-ESRGAN (Wang et al., "Real-ESRGAN: Training
 * Real-World Blind Super-Resolution with Pure Synthetic Data", 2021), with the ranges of its published options: blur,
 * resize, noise and JPEG, twice over. Blurs are rotated Gaussians and resizes antialiased bicubic; its generalised
 * Gaussians and its sinc filter are left out.
 */
export const degradationSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bicubic') }),
  z.strictObject({
    kind: z.literal('second-order'),
    first: order({ blur: 1, sigma: 3, up: 0.2, down: 0.7, resize: [0.15, 1.5], noise: 30, poisson: 3 }),
    second: order({ blur: 0.8, sigma: 1.5, up: 0.3, down: 0.4, resize: [0.3, 1.2], noise: 25, poisson: 2.5 }),
  }),
])
export type DegradationSettings = z.output<typeof degradationSettings>
type Order = z.output<ReturnType<typeof order>>

/** Compresses an image (8 bits) as JPEG of a quality in 1..100 and reads it back. */
export type Jpeg = (image: Pixels, quality: number) => Promise<Pixels>

/** An LR of `side` pixels from a square GT. */
export async function degradePatch(
  gt: Pixels,
  side: number,
  settings: DegradationSettings,
  rng: Rng,
  jpeg: Jpeg,
): Promise<Pixels> {
  if (settings.kind === 'bicubic') return quantize8(resizeBicubic(gt, side, side))
  const once = await oneOrder(gt, settings.first, rng, jpeg, drawSide(gt.width, settings.first, rng))
  // Of the LR's side, whatever the first order has left.
  const size = drawSide(side, settings.second, rng)
  const blurred = maybeBlurred(once, settings.second, rng)
  const noisy = addNoise(resizeBicubic(blurred, size, size), settings.second, rng)
  return jpeg(quantize8(resizeBicubic(noisy, side, side)), quality(settings.second, rng))
}

async function oneOrder(image: Pixels, order: Order, rng: Rng, jpeg: Jpeg, side: number): Promise<Pixels> {
  const resized = resizeBicubic(maybeBlurred(image, order, rng), side, side)
  return jpeg(quantize8(addNoise(resized, order, rng)), quality(order, rng))
}

const between = ([low, high]: readonly number[], rng: Rng) => low + (high - low) * rng.uniform()
const quality = ({ jpeg }: Order, rng: Rng) => Math.round(between(jpeg, rng))

function drawSide(side: number, { up, down, resize: [low, high] }: Order, rng: Rng): number {
  const which = rng.uniform()
  const factor = which < up ? between([1, high], rng) : which < up + down ? between([low, 1], rng) : 1
  return Math.max(8, Math.round(side * factor))
}

function maybeBlurred(image: Pixels, { blur, sigma }: Order, rng: Rng): Pixels {
  if (rng.uniform() >= blur) return image
  const radius = 3 + rng.below(8)
  return convolved(
    image,
    gaussianKernel(radius, between(sigma, rng), between(sigma, rng), Math.PI * rng.uniform()),
    radius,
  )
}

/** A Gaussian with two standard deviations along turned axes, (2 radius + 1)² weights that sum to 1. */
function gaussianKernel(radius: number, along: number, across: number, angle: number): Float64Array {
  const side = 2 * radius + 1
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const kernel = new Float64Array(side * side)
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      const [u, v] = [(x * cos + y * sin) / along, (y * cos - x * sin) / across]
      kernel[(y + radius) * side + x + radius] = Math.exp(-0.5 * (u * u + v * v))
    }
  }
  const sum = kernel.reduce((a, b) => a + b, 0)
  return kernel.map(weight => weight / sum)
}

/** A filter with the image mirrored about its edge pixels. */
function convolved(image: Pixels, kernel: Float64Array, radius: number): Pixels {
  const { width, height, channels } = image
  const out = createPixels(width, height, channels)
  const inside = (i: number, n: number) => {
    const j = Math.abs(i) % (2 * n - 2 || 1)
    return j < n ? j : 2 * n - 2 - j
  }
  const side = 2 * radius + 1
  for (let c = 0; c < channels; c++) {
    const [from, to] = [channelOf(image, c), channelOf(out, c)]
    for (let ky = 0; ky < side; ky++) {
      for (let kx = 0; kx < side; kx++) {
        const weight = kernel[ky * side + kx]
        const columns = Int32Array.from({ length: width }, (_, x) => inside(x + kx - radius, width))
        for (let y = 0; y < height; y++) {
          const row = inside(y + ky - radius, height) * width
          for (let x = 0; x < width; x++) to[y * width + x] += weight * from[row + columns[x]]
        }
      }
    }
  }
  return out
}

/** Box and Muller's method. */
function normal(rng: Rng): number {
  return Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform())
}

/**
 * Gaussian noise, or Poisson noise of the variance that counting photons gives (`scale² x` over as many levels as the
 * image has, here 255) in its normal approximation.
 */
function addNoise(image: Pixels, order: Order, rng: Rng): Pixels {
  const gaussian = rng.uniform() < order.gaussian
  const grey = rng.uniform() < order.grey
  const strength = gaussian ? between(order.noise, rng) / 255 : between(order.poisson, rng)
  const out = createPixels(image.width, image.height, image.channels)
  const size = image.width * image.height
  for (let i = 0; i < size; i++) {
    const shared = grey ? normal(rng) : 0
    for (let c = 0; c < image.channels; c++) {
      const value = image.data[c * size + i]
      const spread = gaussian ? strength : strength * Math.sqrt(Math.max(0, value) / 255)
      out.data[c * size + i] = value + spread * (grey ? shared : normal(rng))
    }
  }
  return out
}
