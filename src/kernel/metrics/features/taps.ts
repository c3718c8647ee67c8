import { MirageError } from '../../errors.ts'
import type { Feature, Tap } from './network.ts'

/** An output of a network for a batch of images. */
export interface TapOutput {
  dims: readonly number[]
  data: Float32Array
}

/**
 * The part of a batch's output that belongs to image `index`, as a feature.
 *
 * @param grid patches along and down the image, for outputs of tokens
 * @throws MirageError `tap-shape` where the output does not have the shape that the manifest says
 */
export function featureOf(tap: Tap, { dims, data }: TapOutput, index: number, grid: Grid): Feature {
  const size = data.length / dims[0]
  const own = data.subarray(index * size, (index + 1) * size)
  if (tap.layout === 'nchw' && dims.length === 4) {
    return { channels: dims[1], height: dims[2], width: dims[3], data: own.slice() }
  }
  if (tap.layout === 'vector' && dims.length === 2) {
    return { channels: dims[1], height: 1, width: 1, data: own.slice() }
  }
  if (tap.layout === 'tokens' && dims.length === 3) return tokens(tap, own, dims[1], dims[2], grid)
  throw wrongShape(tap, dims, { nchw: '4', tokens: '3', vector: '2', image: 'no' }[tap.layout])
}

export interface Grid {
  width: number
  height: number
}

function tokens(
  tap: Tap,
  data: Float32Array,
  count: number,
  channels: number,
  { width, height }: Grid,
): Feature {
  if (tap.level === 'class') return { channels, height: 1, width: 1, data: data.slice(0, channels) }
  const patches = count - tap.skip
  if (patches < 1) throw wrongShape(tap, [1, count, channels], `more than ${tap.skip} tokens in its 3`)
  const out = new Float32Array(channels * patches)
  // Tokens hold their channels together; features hold the places of a channel together.
  for (let i = 0; i < patches; i++) {
    for (let c = 0; c < channels; c++) out[c * patches + i] = data[(tap.skip + i) * channels + c]
  }
  if (tap.level === 'mean') return { channels, height: 1, width: 1, data: meansOf(out, channels) }
  if (patches !== width * height) {
    throw wrongShape(tap, [1, count, channels], `${tap.skip} + ${width} x ${height} tokens in its 3`)
  }
  return { channels, height, width, data: out }
}

function meansOf(data: Float32Array, channels: number): Float32Array {
  const places = data.length / channels
  return Float32Array.from({ length: channels }, (_, c) => {
    let sum = 0
    for (let i = 0; i < places; i++) sum += data[c * places + i]
    return sum / places
  })
}

function wrongShape({ output, layout }: Tap, dims: readonly number[], expected: string): MirageError {
  return new MirageError({
    code: 'tap-shape',
    message: `The output "${output}" is [${dims.join(', ')}]; the layout ${layout} has ${expected} dimensions.`,
    remedy: 'Correct the layout, `skip`, or the multiple (patch size) in the manifest of the network.',
  })
}
