import { readFile } from 'node:fs/promises'
import sharp, { type Metadata } from 'sharp'
import { MirageError } from '../errors.ts'
import { isSrgbProfile, profileDescription } from './icc.ts'
import { createPixels, type Pixels } from './pixels.ts'

export interface DecodedImage {
  /** sRGB, 3 channels. */
  pixels: Pixels
  /** What decoding changed, one phrase each ("alpha composited over white"); empty for plain RGB. */
  converted: string[]
}

/** What a file's header says, after EXIF orientation. */
export interface ImageHeader {
  width: number
  height: number
  /** Such as `image/png`. */
  mime: string
  bitsPerChannel: number
  /** What `decodeImage` will convert. */
  converted: string[]
}

/**
 * Decodes an image file to sRGB. 16-bit files keep their precision, grey becomes R = G = B, an alpha channel is composited
 * over white, an ICC profile other than sRGB is converted, EXIF orientation is applied; each of these is said.
 *
 * @param source path or file bytes
 * @param name what to call it in errors
 * @throws MirageError `not-an-image`, `file-missing`
 */
export async function decodeImage(source: string | Uint8Array, name = nameOf(source)): Promise<DecodedImage> {
  const { samples, width, height, channels, max, converted } = await decodeSamples(source, { name })
  return { pixels: planar(samples, width, height, channels, max), converted }
}

/** Integer samples as a file holds them, interleaved, sRGB: grey, RGB or, where alpha is kept, grey or RGB with alpha. */
export interface DecodedSamples {
  width: number
  height: number
  channels: number
  samples: Uint8Array | Uint16Array
  /** The sample value of white: 255 or 65535. */
  max: number
  converted: string[]
}

/**
 * The same without the step to floats.
 *
 * @param options.keepAlpha leave an alpha channel beside the colours instead of compositing over white
 */
export async function decodeSamples(
  source: string | Uint8Array,
  options: { name?: string; keepAlpha?: boolean } = {},
): Promise<DecodedSamples> {
  const { name = nameOf(source), keepAlpha = false } = options
  return guarded(name, async () => {
    const bytes = typeof source === 'string' ? await readFile(source) : source
    const metadata = await sharp(bytes).metadata()
    const wide = metadata.depth !== 'uchar'
    // A conversion from sRGB to sRGB would still move some values by a level.
    let pipeline = sharp(bytes, { ignoreIcc: hasPlainProfile(metadata), failOn: 'error' }).autoOrient()
    if (metadata.hasAlpha && !keepAlpha) pipeline = pipeline.flatten({ background: '#ffffff' })
    pipeline = pipeline.toColourspace(wide ? 'rgb16' : 'srgb')
    const { data, info } = await pipeline
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true })
    const samples = wide ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data
    const { width, height, channels } = info
    const converted = conversions(metadata).filter(what => !keepAlpha || what !== ALPHA)
    return { samples, width, height, channels, max: wide ? 65535 : 255, converted }
  })
}

/** Reads size and type without decoding the pixels. */
export async function readHeader(source: string | Uint8Array, name = nameOf(source)): Promise<ImageHeader> {
  return guarded(name, async () => {
    const bytes = typeof source === 'string' ? await readFile(source) : source
    const metadata = await sharp(bytes).metadata()
    const { autoOrient, mediaType, format, bitsPerSample, depth } = metadata
    return {
      width: autoOrient.width,
      height: autoOrient.height,
      mime: mediaType ?? `image/${format}`,
      bitsPerChannel: bitsPerSample ?? (depth === 'uchar' ? 8 : 16),
      converted: conversions(metadata),
    }
  })
}

function planar(
  samples: Uint8Array | Uint16Array,
  width: number,
  height: number,
  channels: number,
  max: number,
): Pixels {
  const pixels = createPixels(width, height)
  const size = width * height
  for (let c = 0; c < 3; c++) {
    const from = Math.min(c, channels - 1)
    const plane = pixels.data.subarray(c * size, (c + 1) * size)
    for (let i = 0, j = from; i < size; i++, j += channels) plane[i] = samples[j] / max
  }
  return pixels
}

function hasPlainProfile({ icc }: Metadata): boolean {
  return icc !== undefined && isSrgbProfile(icc)
}

const ALPHA = 'alpha composited over white'

function conversions(metadata: Metadata): string[] {
  const said: string[] = []
  if (metadata.orientation !== undefined && metadata.orientation > 1) said.push('EXIF orientation applied')
  if (metadata.hasAlpha) said.push(ALPHA)
  if (metadata.icc && !hasPlainProfile(metadata)) {
    said.push(
      `colours converted to sRGB from the profile "${profileDescription(metadata.icc) ?? 'without a name'}"`,
    )
  } else if (!metadata.icc && metadata.space === 'cmyk') said.push('CMYK converted to sRGB')
  if (metadata.space === 'b-w' || metadata.space === 'grey16') said.push('grey copied to R, G and B')
  if ((metadata.pages ?? 1) > 1) said.push(`first of ${metadata.pages} pages taken`)
  return said
}

/** Runs `action`, and turns what the decoder throws into an error that names the file. */
export async function guarded<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof MirageError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new MirageError({
        code: 'file-missing',
        message: `There is no file ${name}.`,
        remedy: 'Check the path; relative paths start at the folder of the study.',
      })
    }
    throw new MirageError(
      {
        code: 'not-an-image',
        message: `${name} cannot be read as an image: ${firstLine(error)}.`,
        remedy: 'Use PNG, JPEG, WebP, TIFF, AVIF or GIF, and check that the file is complete.',
      },
      { cause: error },
    )
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0].trim().replace(/\.$/, '')
}

function nameOf(source: string | Uint8Array): string {
  return typeof source === 'string' ? source : 'The image'
}
