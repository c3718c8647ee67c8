import { type Picture, pictureFrom } from '../../shared/pictures/picture.ts'
import type { ColourMap } from '../../shared/ui/colormaps.ts'
import type { Channel } from '../model/state.ts'
import type { Size } from '../model/view.ts'

export interface DifferenceSettings {
  channel: Channel
  signed: boolean
  /** The map's ends stand for 255 / gain. */
  gain: number
}

type Bytes = Uint8Array | Uint8ClampedArray

/**
 * A minus B at one pixel, in 0..255 levels: of luma (Y' of ITU-R BT.601, full range), of one channel, or of the channel
 * where they differ most (`rgb`).
 * @param i, j index of the pixel's red byte
 */
export function differenceAt(a: Bytes, i: number, b: Bytes, j: number, channel: Channel): number {
  const red = a[i] - b[j]
  const green = a[i + 1] - b[j + 1]
  const blue = a[i + 2] - b[j + 2]
  switch (channel) {
    case 'luma':
      return 0.299 * red + 0.587 * green + 0.114 * blue
    case 'red':
      return red
    case 'green':
      return green
    case 'blue':
      return blue
    case 'rgb': {
      const largest = Math.abs(green) > Math.abs(red) ? green : red
      return Math.abs(blue) > Math.abs(largest) ? blue : largest
    }
  }
}

/** Index of a difference in a map of 256 colours; a signed zero is in the middle, 128. */
export function mapIndex(difference: number, { signed, gain }: DifferenceSettings): number {
  const index = signed ? 128 + difference * gain * 0.5 : Math.abs(difference) * gain
  return Math.max(0, Math.min(255, Math.round(index)))
}

/** What the legend says at the map's two ends, in 0..255 levels. */
export function legendRange({ signed, gain }: DifferenceSettings): [number, number] {
  return [signed ? -255 / gain : 0, 255 / gain]
}

/**
 * The map of A minus B at the frame's size; a smaller image's pixels count for all frame pixels that they cover.
 * Works in strips and yields between them.
 * @throws the signal's reason
 */
export async function differencePicture(
  a: Picture,
  b: Picture,
  frame: Size,
  settings: DifferenceSettings,
  map: ColourMap,
  signal: AbortSignal,
): Promise<Picture> {
  const canvas = new OffscreenCanvas(frame.width, frame.height)
  const context = canvas.getContext('2d')!
  const rows = Math.max(1, Math.floor(2 ** 20 / frame.width))
  const columnsA = sampleIndices(frame.width, a.width)
  const columnsB = sampleIndices(frame.width, b.width)
  for (let top = 0; top < frame.height; top += rows) {
    const height = Math.min(rows, frame.height - top)
    const stripA = readStrip(a, frame.height, top, height)
    const stripB = readStrip(b, frame.height, top, height)
    const out = new ImageData(frame.width, height)
    for (let y = 0; y < height; y++) {
      const rowA = stripA.row(top + y)
      const rowB = stripB.row(top + y)
      for (let x = 0, o = y * frame.width * 4; x < frame.width; x++, o += 4) {
        const value = differenceAt(
          stripA.data,
          rowA + columnsA[x],
          stripB.data,
          rowB + columnsB[x],
          settings.channel,
        )
        const at = mapIndex(value, settings) * 3
        out.data[o] = map[at]
        out.data[o + 1] = map[at + 1]
        out.data[o + 2] = map[at + 2]
        out.data[o + 3] = 255
      }
    }
    context.putImageData(out, 0, top)
    await new Promise(resolve => setTimeout(resolve))
    signal.throwIfAborted()
  }
  return pictureFrom(canvas.transferToImageBitmap())
}

/** For each of `count` frame positions the sample that covers it, of `samples`. */
export function nearestSample(position: number, count: number, samples: number): number {
  return Math.min(samples - 1, Math.floor(((position + 0.5) * samples) / count))
}

function sampleIndices(count: number, samples: number): Int32Array {
  return Int32Array.from({ length: count }, (_, x) => nearestSample(x, count, samples) * 4)
}

function readStrip(picture: Picture, frameHeight: number, top: number, height: number) {
  const first = nearestSample(top, frameHeight, picture.height)
  const last = nearestSample(top + height - 1, frameHeight, picture.height)
  const { data } = picture.read(0, first, picture.width, last - first + 1)
  return {
    data,
    /** Where the row of a frame line begins. */
    row: (y: number) => (nearestSample(y, frameHeight, picture.height) - first) * picture.width * 4,
  }
}
