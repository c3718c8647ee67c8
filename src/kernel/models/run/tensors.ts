import type { DecodedSamples } from '../../images/decode.ts'
import type { ModelManifest } from '../manifest.ts'

/** What decides how pixels become a tensor. */
export type TensorForm = Pick<ModelManifest, 'layout' | 'colour' | 'range'>

/** A tensor value is `pixel * gain + offset`, for pixels in 0..1. */
const RANGES: Record<ModelManifest['range'], { gain: number; offset: number }> = {
  '0..1': { gain: 1, offset: 0 },
  '0..255': { gain: 255, offset: 0 },
  '-1..1': { gain: 2, offset: -1 },
}

/**
 * Weights of R, G and B in each channel of the tensor. Luma is that of JPEG: full range BT.601, as the Y of most
 * single-channel networks is.
 */
const COLOURS: Record<ModelManifest['colour'], [r: number, g: number, b: number][]> = {
  rgb: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  bgr: [
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ],
  y: [[0.299, 0.587, 0.114]],
}

export function channelCount(form: TensorForm): number {
  return COLOURS[form.colour].length
}

/** Dimensions of a tensor of one image. */
export function tensorDims(form: TensorForm, height: number, width: number): number[] {
  const channels = channelCount(form)
  return form.layout === 'nchw' ? [1, channels, height, width] : [1, height, width, channels]
}

/**
 * Writes the tile whose top left pixel is (`x`, `y`) into a tensor. Beyond the right and the lower edge the image is
 * mirrored, with the edge pixel repeated.
 */
export function fillTile(
  target: Float32Array | Float16Array,
  image: DecodedSamples,
  tile: { x: number; y: number; width: number; height: number },
  form: TensorForm,
): void {
  const { width, height } = tile
  const { gain, offset } = RANGES[form.range]
  const weights = COLOURS[form.colour]
  const step = form.layout === 'nchw' ? 1 : weights.length
  const plane = form.layout === 'nchw' ? width * height : 1
  const places = image.channels < 3 ? [0, 0, 0] : [0, 1, 2]
  const { samples } = image
  const unit = gain / image.max
  const columns = Int32Array.from(
    { length: width },
    (_, i) => mirror(tile.x + i, image.width) * image.channels,
  )
  for (let row = 0; row < height; row++) {
    const line = mirror(tile.y + row, image.height) * image.width * image.channels
    for (let c = 0; c < weights.length; c++) {
      const alone = weights[c].indexOf(1)
      let to = c * plane + row * width * step
      if (alone >= 0) {
        // One colour as it is, which nearly every network takes.
        const from = line + places[alone]
        for (let i = 0; i < width; i++, to += step) target[to] = samples[from + columns[i]] * unit + offset
        continue
      }
      const [r, g, b] = weights[c]
      for (let i = 0; i < width; i++, to += step) {
        const at = line + columns[i]
        const mixed = samples[at + places[0]] * r + samples[at + places[1]] * g + samples[at + places[2]] * b
        target[to] = mixed * unit + offset
      }
    }
  }
}

/** A network's output as planes of pixels in 0..1 (not limited), in RGB order or luma alone. */
export function readPlanes(
  data: ArrayLike<number>,
  form: TensorForm,
  width: number,
  height: number,
): ArrayLike<number> {
  const channels = channelCount(form)
  const { gain, offset } = RANGES[form.range]
  if (form.layout === 'nchw' && form.colour !== 'bgr' && gain === 1 && offset === 0) return data
  const size = width * height
  const planes = new Float32Array(channels * size)
  for (let c = 0; c < channels; c++) {
    const from = form.colour === 'bgr' ? channels - 1 - c : c
    const step = form.layout === 'nchw' ? 1 : channels
    let at = form.layout === 'nchw' ? from * size : from
    for (let i = 0; i < size; i++, at += step) planes[c * size + i] = (data[at] - offset) / gain
  }
  return planes
}

/** Index into `n` pixels that are mirrored with the edge pixel repeated: 0 1 2 ... n-1 | n-1 n-2 ... */
export function mirror(i: number, n: number): number {
  const j = i % (2 * n)
  return j < n ? j : 2 * n - 1 - j
}
