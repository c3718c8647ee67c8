import { readFile } from 'node:fs/promises'
import type { ImageRef } from '../protocol/mime.ts'
import type { Store } from '../store/store.ts'
import { decodeImage, readHeader } from './decode.ts'
import { encodePng, encodeThumbnail, THUMBNAIL_SIDE } from './encode.ts'
import { fileHash } from './file-hash.ts'

export interface IngestedImage {
  image: ImageRef
  /** What reading this file converts, one phrase each; empty for a plain RGB file. */
  converted: string[]
}

/** Types that every browser shows, so that their bytes can be stored as they are. */
const SHOWN_BY_BROWSERS = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif'])

/**
 * Brings an image file into the store: its bytes (a lossless PNG where a browser could not show them), its size from
 * the header and a thumbnail. A file that was not touched since is neither read nor decoded again.
 *
 * @param name file name relative to the study, kept in the result and used in errors
 * @throws MirageError `not-an-image`, `file-missing`
 */
export async function ingestFile(store: Store, path: string, name: string): Promise<IngestedImage> {
  const source = await fileHash(store, path, name)
  const known = await store.getRecord<IngestedImage>('image', source)
  if (known && (await isComplete(store, known.image))) return { ...known, image: { ...known.image, name } }
  const made = await ingestBytes(store, await readFile(path), name)
  await store.putRecord('image', source, made)
  return made
}

/** The same for bytes that are in memory. */
export async function ingestBytes(store: Store, bytes: Uint8Array, name: string): Promise<IngestedImage> {
  const { width, height, mime, bitsPerChannel, converted } = await readHeader(bytes, name)
  const shown = SHOWN_BY_BROWSERS.has(mime)
  const stored = shown
    ? bytes
    : await encodePng((await decodeImage(bytes, name)).pixels, bitsPerChannel > 8 ? 16 : 8)
  const hash = await store.putObject(stored)
  const small = Math.max(width, height) <= THUMBNAIL_SIDE
  const thumb = small ? hash : await store.putObject(await encodeThumbnail(stored, name))
  return {
    image: { hash, width, height, mime: shown ? mime : 'image/png', thumb, name },
    converted: shown ? converted : [...converted, `${mime} stored as PNG`],
  }
}

async function isComplete(store: Store, image: ImageRef): Promise<boolean> {
  return (await store.hasObject(image.hash)) && (image.thumb === undefined || store.hasObject(image.thumb))
}
