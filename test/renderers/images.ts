import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { ImageRef } from '../../src/kernel/protocol/mime.ts'

export type Rgb = readonly [number, number, number]

export interface TestImage {
  ref: ImageRef
  bytes: Buffer
}

/** An image of which each pixel is known. */
export async function drawImage(
  width: number,
  height: number,
  colour: (x: number, y: number) => Rgb,
  name?: string,
): Promise<TestImage> {
  const raw = Buffer.alloc(width * height * 3)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw.set(colour(x, y), (y * width + x) * 3)
  const bytes = await sharp(raw, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
  const hash = createHash('sha256').update(bytes).digest('hex')
  return { bytes, ref: { hash, width, height, mime: 'image/png', name } }
}

export function objectsOf(images: readonly TestImage[]): Record<string, Buffer> {
  return Object.fromEntries(images.map(image => [image.ref.hash, image.bytes]))
}
