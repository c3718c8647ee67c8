import sharp from 'sharp'
import { MirageError } from '../../errors.ts'
import { resizeBicubic } from '../../images/bicubic.ts'
import { decodeImage } from '../../images/decode.ts'
import { channelOf, createPixels, crop, level, type Pixels } from '../../images/pixels.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { JobDefinition } from './definition.ts'

/** How one image is made for a judge, in this order: difference, enlarge, crop, zoom, reduce, encode. */
export interface ImageRequest {
  /** Store hash of the image. */
  source: string
  /** Store hash of an image of the same size: |source - minus| times 4 is shown. */
  minus?: string
  enlarge?: { to: [width: number, height: number]; by: 'bicubic' | 'nearest' }
  /** [x0, y0, x1, y1] in fractions of the frame. */
  crop?: [number, number, number, number]
  zoom?: number
  /** Longest side in pixels; larger images are reduced with antialiasing. */
  longest?: number
  format: 'png' | 'jpeg' | 'webp'
  /** 1 to 100, of JPEG and WebP. */
  quality?: number
}

/** An image as it is sent. */
export interface PreparedImage {
  /** sha256 of the encoded bytes, which are in the store. */
  hash: string
  width: number
  height: number
  mime: string
  bytes: number
}

const DIFFERENCE_GAIN = 4

/**
 * Prepares images for a judge and stores them. Every image is decoded to sRGB and encoded anew, so that no metadata
 * (camera, place, time) leaves the machine with it.
 *
 * Progress: number of finished images.
 */
export const judgeImages: JobDefinition<{ images: ImageRequest[] }, PreparedImage[], number> = {
  async run({ images }, { storeRoot, signal, report }) {
    const store = createFolderStore(storeRoot)
    const prepared: PreparedImage[] = []
    for (const request of images) {
      signal.throwIfAborted()
      const load = async (hash: string) => (await decodeImage(store.objectPath(hash))).pixels
      const minus = request.minus === undefined ? undefined : await load(request.minus)
      const pixels = prepareImage(await load(request.source), request, minus)
      const encoded = await encode(pixels, request)
      const { width, height } = pixels
      const hash = await store.putObject(encoded)
      prepared.push({ hash, width, height, mime: `image/${request.format}`, bytes: encoded.byteLength })
      report(prepared.length)
    }
    return prepared
  },
}

/** @throws MirageError `sizes-differ` for a difference of images of unequal size. */
export function prepareImage(source: Pixels, request: ImageRequest, minus?: Pixels): Pixels {
  let image = minus ? difference(source, minus) : source
  const { enlarge, zoom, longest } = request
  if (enlarge) image = ENLARGE[enlarge.by](image, ...enlarge.to)
  if (request.crop) image = cropFraction(image, request.crop)
  if (zoom) image = resizeBicubic(image, Math.round(image.width * zoom), Math.round(image.height * zoom))
  const reduction = longest ? longest / Math.max(image.width, image.height) : 1
  if (reduction < 1)
    image = resizeBicubic(image, scaled(image.width, reduction), scaled(image.height, reduction))
  return image
}

const scaled = (side: number, by: number) => Math.max(1, Math.round(side * by))

const ENLARGE = { bicubic: resizeBicubic, nearest: resizeNearest }

function resizeNearest(image: Pixels, width: number, height: number): Pixels {
  const out = createPixels(width, height, image.channels)
  for (let c = 0; c < image.channels; c++) {
    const from = channelOf(image, c)
    const to = channelOf(out, c)
    for (let y = 0, i = 0; y < height; y++) {
      const row = Math.floor(((y + 0.5) * image.height) / height) * image.width
      for (let x = 0; x < width; x++, i++) to[i] = from[row + Math.floor(((x + 0.5) * image.width) / width)]
    }
  }
  return out
}

function difference(a: Pixels, b: Pixels): Pixels {
  if (a.width !== b.width || a.height !== b.height) {
    throw new MirageError({
      code: 'sizes-differ',
      message: `A difference needs images of one size, not ${a.width}x${a.height} and ${b.width}x${b.height}.`,
      remedy: 'Leave `difference` out of the prompt, or use images of one size.',
    })
  }
  const out = createPixels(a.width, a.height, a.channels)
  for (let i = 0; i < out.data.length; i++) out.data[i] = Math.abs(a.data[i] - b.data[i]) * DIFFERENCE_GAIN
  return out
}

function cropFraction(image: Pixels, [x0, y0, x1, y1]: [number, number, number, number]): Pixels {
  const left = Math.min(image.width - 1, Math.floor(x0 * image.width))
  const top = Math.min(image.height - 1, Math.floor(y0 * image.height))
  const right = Math.max(left + 1, Math.ceil(x1 * image.width))
  const bottom = Math.max(top + 1, Math.ceil(y1 * image.height))
  return crop(image, left, top, right - left, bottom - top)
}

async function encode(image: Pixels, { format, quality }: ImageRequest): Promise<Uint8Array> {
  const { width, height, channels } = image
  const size = width * height
  const samples = new Uint8Array(size * 3)
  for (let c = 0; c < 3; c++) {
    const plane = channelOf(image, Math.min(c, channels - 1))
    for (let i = 0, j = c; i < size; i++, j += 3) samples[j] = level(plane[i], 255)
  }
  const raw = sharp(samples, { raw: { width, height, channels: 3 } })
  if (format === 'png') return raw.png({ compressionLevel: 6 }).toBuffer()
  // Subsampled colour would show the judge differences that are not there.
  if (format === 'jpeg') return raw.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer()
  return raw.webp({ quality, smartSubsample: true }).toBuffer()
}
