import sharp from 'sharp'
import { guarded } from './decode.ts'
import { channelOf, level, type Pixels, type Plane } from './pixels.ts'

/**
 * A PNG of an image, sRGB without a profile. Values are limited to 0..1 and rounded half up; equal pixels give equal
 * bytes, so that stored results are found again by their hash.
 */
export async function encodePng(image: Pixels, bits: 8 | 16 = 8): Promise<Uint8Array> {
  const { width, height, channels } = image
  const size = width * height
  const max = bits === 8 ? 255 : 65535
  const samples = bits === 8 ? new Uint8Array(size * channels) : new Uint16Array(size * channels)
  for (let c = 0; c < channels; c++) {
    const plane = channelOf(image, c)
    for (let i = 0, j = c; i < size; i++, j += channels) samples[j] = level(plane[i], max)
  }
  const wide = channels === 3 ? 'rgb16' : 'grey16'
  const narrow = channels === 3 ? 'srgb' : 'b-w'
  return sharp(samples, { raw: { width, height, channels } })
    .toColourspace(bits === 8 ? narrow : wide)
    .png({ compressionLevel: 6, adaptiveFiltering: true })
    .toBuffer()
}

/**
 * An 8-bit grey PNG of a map, in which 0 and 255 stand for the two ends of `range`; what lies outside is limited. Where the
 * map has no value (NaN) the picture is transparent.
 */
export async function encodeMap(map: Plane, range: readonly [number, number]): Promise<Uint8Array> {
  const [low, high] = range
  const { width, height, data } = map
  const channels = data.some(Number.isNaN) ? 2 : 1
  const samples = new Uint8Array(data.length * channels)
  for (let i = 0; i < data.length; i++) {
    samples[i * channels] = Number.isNaN(data[i]) ? 0 : level((data[i] - low) / (high - low), 255)
    if (channels === 2) samples[i * 2 + 1] = Number.isNaN(data[i]) ? 0 : 255
  }
  return sharp(samples, { raw: { width, height, channels } })
    .toColourspace('b-w')
    .png({ compressionLevel: 6 })
    .toBuffer()
}

/** Longest side of a thumbnail, in pixels. */
export const THUMBNAIL_SIDE = 256

/** A JPEG whose longest side is at most 256 px, for grids and hovers; never measured. */
export async function encodeThumbnail(file: Uint8Array, name: string): Promise<Uint8Array> {
  return guarded(name, () =>
    sharp(file)
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: 85 })
      .toBuffer(),
  )
}
