import { channelOf, createPixels, type Pixels } from './pixels.ts'

const LEVELS = 5

/**
 * Takes the fine detail of one image and the colours of another of the same size: high(image) + low(of), limited to
 * 0..1. `low` is five times blurred with [1 2 1] x [1 2 1] / 16, dilated by 1, 2, 4, 8 and 16, edge pixels repeated; `high`
 * is what that removes (https://github.com/IceClear/StableSR, `wavelet_color_fix`, an undecimated wavelet).
 */
export function waveletColour(image: Pixels, of: Pixels): Pixels {
  const out = createPixels(image.width, image.height, image.channels)
  for (let c = 0; c < image.channels; c++) {
    const [own, to] = [channelOf(image, c), channelOf(out, c)]
    const ownLow = low(own, image.width, image.height)
    const otherLow = low(channelOf(of, c), image.width, image.height)
    for (let i = 0; i < to.length; i++) to[i] = Math.min(1, Math.max(0, own[i] - ownLow[i] + otherLow[i]))
  }
  return out
}

function low(plane: Float32Array, width: number, height: number): Float64Array {
  let current = Float64Array.from(plane)
  for (let level = 0; level < LEVELS; level++) current = blur(current, width, height, 2 ** level)
  return current
}

function blur(plane: Float64Array, width: number, height: number, reach: number): Float64Array<ArrayBuffer> {
  const rows = new Float64Array(plane.length)
  for (let y = 0; y < height; y++) {
    const line = y * width
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)]
      rows[line + x] = (plane[line + left] + 2 * plane[line + x] + plane[line + right]) / 4
    }
  }
  const out = new Float64Array(plane.length)
  for (let y = 0; y < height; y++) {
    const [above, below] = [Math.max(0, y - reach) * width, Math.min(height - 1, y + reach) * width]
    const line = y * width
    for (let x = 0; x < width; x++)
      out[line + x] = (rows[above + x] + 2 * rows[line + x] + rows[below + x]) / 4
  }
  return out
}
