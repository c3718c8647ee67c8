import { channelOf, createPlane, type Pixels, type Plane } from './pixels.ts'

/**
 * Luma as super-resolution papers measure it: ITU-R BT.601 in studio range, Y = 65.481 R + 128.553 G + 24.966 B + 16 for
 * R, G, B in 0..1, as MATLAB's `rgb2ycbcr` has it. Black is 16 and white is 235. Not rounded. A grey image counts as
 * R = G = B.
 */
export function luma(image: Pixels): Plane {
  const out = createPlane(image.width, image.height)
  const y = out.data
  const r = channelOf(image, 0)
  const g = channelOf(image, image.channels === 3 ? 1 : 0)
  const b = channelOf(image, image.channels === 3 ? 2 : 0)
  for (let i = 0; i < y.length; i++) y[i] = 65.481 * r[i] + 128.553 * g[i] + 24.966 * b[i] + 16
  return out
}

/** A plane rounded to integers, half to even, as SSIM on Y is published. */
export function rounded({ width, height, data }: Plane): Plane {
  const out = createPlane(width, height)
  for (let i = 0; i < data.length; i++) out.data[i] = roundHalfToEven(data[i])
  return out
}

function roundHalfToEven(value: number): number {
  const up = Math.floor(value + 0.5)
  return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up
}
