import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { THUMBNAIL_SIDE } from '../../images/encode.ts'
import { PngStream } from '../../images/png-stream.ts'
import type { Store } from '../../store/store.ts'

/** A PNG that is written row by row into the store. Nothing is left behind unless it ends. */
export interface ImageFile {
  write(rows: Uint8Array): Promise<void>
  /** Completes the image. Resolves to its hash and that of a JPEG thumbnail, itself where it is no larger than one. */
  end(): Promise<{ hash: string; thumb: string }>
  abandon(): Promise<void>
}

export interface ImageSize {
  width: number
  height: number
  /** 8-bit RGB, or RGBA. */
  channels: 3 | 4
}

/**
 * Images up to this many bytes are held and encoded in one call. That call goes on while a network blocks the thread;
 * a stream would wait for a turn of the event loop after every piece.
 */
const HELD_BYTES = 64 * 2 ** 20

export function createImageFile(store: Store, size: ImageSize, heldBytes = HELD_BYTES): Promise<ImageFile> {
  const { width, height, channels } = size
  return width * height * channels <= heldBytes
    ? Promise.resolve(heldFile(store, size))
    : streamedFile(store, size)
}

function heldFile(store: Store, size: ImageSize): ImageFile {
  const bytes = size.width * size.height * size.channels
  let pixels: Uint8Array = new Uint8Array()
  let filled = 0
  return {
    async write(rows) {
      // A whole image in one band is used as it is.
      if (rows.length === bytes) {
        pixels = rows
        return
      }
      if (filled === 0) pixels = new Uint8Array(bytes)
      pixels.set(rows, filled)
      filled += rows.length
    },
    async end() {
      const image = () => sharp(pixels, { raw: size, limitInputPixels: false })
      // Fast rather than small, so that the device does not wait; filtering costs little and halves the file.
      const encoded = image()
        .toColourspace('srgb')
        .png({ compressionLevel: 2, adaptiveFiltering: true })
        .toBuffer()
      const [png, small] = await Promise.all([encoded, thumbnail(image(), size)])
      const hash = await store.putObject(png)
      return { hash, thumb: small ? await store.putObject(small) : hash }
    },
    abandon: async () => {},
  }
}

async function streamedFile(store: Store, size: ImageSize): Promise<ImageFile> {
  const path = store.temporaryPath()
  await mkdir(dirname(path), { recursive: true })
  const png = new PngStream(path, size.width, size.height, size.channels)
  return {
    write: rows => png.write(rows),
    async end() {
      await png.end()
      const small = await thumbnail(sharp(path, { limitInputPixels: false, sequentialRead: true }), size)
      const hash = await store.adoptFile(path)
      return { hash, thumb: small ? await store.putObject(small) : hash }
    },
    abandon() {
      png.destroy()
      return rm(path, { force: true })
    },
  }
}

async function thumbnail(image: Sharp, { width, height }: ImageSize): Promise<Uint8Array | undefined> {
  if (Math.max(width, height) <= THUMBNAIL_SIDE) return undefined
  return image
    .flatten({ background: '#ffffff' })
    .resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, { fit: 'inside' })
    .jpeg({ quality: 85 })
    .toBuffer()
}
