import type { Pixels } from '../images/pixels.ts'
import type { ImageRef } from '../protocol/mime.ts'

/** Pixels (three floats each) that are kept: half a gigabyte. */
const LIMIT = 40e6

/** Decoded images by content, the least recently used of which make way. */
export function imageMemory(
  decode: (ref: ImageRef) => Promise<Pixels>,
  limit = LIMIT,
): (ref: ImageRef) => Promise<Pixels> {
  const known = new Map<string, { size: number; pixels: Promise<Pixels> }>()
  let total = 0
  return ref => {
    const found = known.get(ref.hash) ?? { size: ref.width * ref.height, pixels: decode(ref) }
    if (!known.delete(ref.hash)) total += found.size
    known.set(ref.hash, found)
    for (const [hash, { size }] of known) {
      if (total <= limit || hash === ref.hash) break
      known.delete(hash)
      total -= size
    }
    return found.pixels
  }
}
