import type { ImageRef } from '../protocol/mime.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import { resizeBicubic } from './bicubic.ts'
import { decodeImage, readHeader } from './decode.ts'
import { encodePng } from './encode.ts'
import { ingestBytes } from './ingest.ts'
import { crop } from './pixels.ts'

/** Raised whenever the same GT would give another LR. */
const VERSION = 1

export interface Degraded {
  lr: ImageRef
  /** The GT that fits the LR: the image itself, or its top left part whose sides are multiples of the scale. */
  gt: ImageRef
}

/**
 * Makes an LR image from a GT: bicubic with antialiasing (MATLAB's `imresize`) by 1/scale, then 8 bits per channel. Sides
 * that are no multiple of the scale are cut on the right and at the bottom.
 */
export async function degrade(store: Store, gt: ImageRef, scale: number, name: string): Promise<Degraded> {
  const key = hashOf({ gt: gt.hash, scale, version: VERSION })
  const known = await store.getRecord<Degraded>('degrade', key)
  if (known && (await store.hasObject(known.lr.hash)) && (await store.hasObject(known.gt.hash))) {
    return { lr: { ...known.lr, name }, gt: { ...known.gt, name: gt.name } }
  }
  const file = await store.getObject(gt.hash)
  const { pixels } = await decodeImage(file, gt.name)
  const width = pixels.width - (pixels.width % scale)
  const height = pixels.height - (pixels.height % scale)
  const fits = width === pixels.width && height === pixels.height
  const whole = fits ? pixels : crop(pixels, 0, 0, width, height)
  const made: Degraded = {
    lr: (await ingestBytes(store, await encodePng(resizeBicubic(whole, width / scale, height / scale)), name))
      .image,
    gt: fits
      ? gt
      : (await ingestBytes(store, await encodePng(whole, await bitsOf(file)), gt.name ?? name)).image,
  }
  await store.putRecord('degrade', key, made)
  return made
}

async function bitsOf(file: Uint8Array): Promise<8 | 16> {
  return (await readHeader(file)).bitsPerChannel > 8 ? 16 : 8
}
