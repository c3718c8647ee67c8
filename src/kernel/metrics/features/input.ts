import { resizeBicubic } from '../../images/bicubic.ts'
import { channelOf, createPixels, type Pixels } from '../../images/pixels.ts'
import type { NetworkManifest } from './network.ts'

type Input = NetworkManifest['input']

/** Size at which a network sees an image. */
export function inputSize({ width, height }: { width: number; height: number }, input: Input) {
  if (input.size !== 'native') return { width: input.size, height: input.size }
  const rounded = (side: number) => Math.max(1, Math.round(side / input.multiple)) * input.multiple
  return { width: rounded(width), height: rounded(height) }
}

/** The image as the network takes it: resized by antialiased bicubic where the size differs, limited to 0..1; 1 x 3 x height x width. */
export function atInputSize(image: Pixels, input: Input): Pixels {
  const { width, height } = inputSize(image, input)
  if (width === image.width && height === image.height && image.channels === 3) return image
  const resized = resizeBicubic(image, width, height)
  const out = createPixels(width, height)
  for (let c = 0; c < 3; c++) channelOf(out, c).set(channelOf(resized, image.channels === 3 ? c : 0))
  for (let i = 0; i < out.data.length; i++) out.data[i] = Math.min(1, Math.max(0, out.data[i]))
  return out
}

/** (value - mean) / std, channel by channel. */
export function normalized(image: Pixels, { mean, std }: Input): Float32Array {
  const size = image.width * image.height
  const out = new Float32Array(3 * size)
  for (let c = 0; c < 3; c++) {
    const from = channelOf(image, c)
    for (let i = 0; i < size; i++) out[c * size + i] = (from[i] - mean[c]) / std[c]
  }
  return out
}
