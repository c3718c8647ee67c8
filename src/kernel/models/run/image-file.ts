import { rm } from 'node:fs/promises'
import sharp, { type Sharp } from 'sharp'
import { THUMBNAIL_SIDE } from '../../images/encode.ts'
import { PngStream } from '../../images/png-stream.ts'

/** An image that is written row by row. Nothing is left behind unless it ends. */
export interface ImageFile {
  write(rows: Uint8Array): Promise<void>
  /** Completes the PNG at its path. Resolves to a JPEG thumbnail, or to undefined where the image is no larger than one. */
  end(): Promise<Uint8Array | undefined>
  abandon(): Promise<void>
}

/** Images up to this many bytes are held and encoded at once, which needs no turn of the event loop between the rows. */
const HELD_BYTES = 256 * 2 ** 20

/** Opens a PNG for `width` x `height` pixels of 8-bit RGB (3 channels) or RGBA (4). */
export function createImageFile(
  path: string,
  width: number,
  height: number,
  channels: 3 | 4,
  heldBytes = HELD_BYTES,
): ImageFile {
  const held = width * height * channels <= heldBytes
  return held ? heldFile(path, width, height, channels) : streamedFile(path, width, height, channels)
}

function heldFile(path: string, width: number, height: number, channels: 3 | 4): ImageFile {
  let pixels: Uint8Array = new Uint8Array()
  let filled = 0
  return {
    async write(rows) {
      // A whole image in one band is used as it is.
      if (rows.length === width * height * channels) {
        pixels = rows
        return
      }
      if (filled === 0) pixels = new Uint8Array(width * height * channels)
      pixels.set(rows, filled)
      filled += rows.length
    },
    async end() {
      const raw = { width, height, channels }
      const file = sharp(pixels, { raw, limitInputPixels: false })
        .toColourspace('srgb')
        // Fast rather than small: an enlarged photograph hardly compresses, and the device must not wait.
        .png({ compressionLevel: 3, adaptiveFiltering: false })
        .toFile(path)
      const [thumb] = await Promise.all([
        thumbnail(sharp(pixels, { raw, limitInputPixels: false }), width, height),
        file,
      ])
      return thumb
    },
    abandon: () => rm(path, { force: true }),
  }
}

function streamedFile(path: string, width: number, height: number, channels: 3 | 4): ImageFile {
  const png = new PngStream(path, width, height, channels)
  return {
    write: rows => png.write(rows),
    async end() {
      await png.end()
      return thumbnail(sharp(path, { limitInputPixels: false, sequentialRead: true }), width, height)
    },
    abandon() {
      png.destroy()
      return rm(path, { force: true })
    },
  }
}

async function thumbnail(image: Sharp, width: number, height: number): Promise<Uint8Array | undefined> {
  if (Math.max(width, height) <= THUMBNAIL_SIDE) return undefined
  return image
    .flatten({ background: '#ffffff' })
    .resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, { fit: 'inside' })
    .jpeg({ quality: 85 })
    .toBuffer()
}
