/** Store hashes of the images that an output's JSON speaks of, in the order in which they appear. */
export function imagesIn(json: unknown): { thumbs: Set<string>; images: Set<string> } {
  const found = { thumbs: new Set<string>(), images: new Set<string>() }
  collect(json, found)
  return found
}

function collect(value: unknown, found: { thumbs: Set<string>; images: Set<string> }): void {
  if (value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found)
    return
  }
  const { hash, width, thumb } = value as Record<string, unknown>
  if (typeof thumb === 'string') found.thumbs.add(thumb)
  // An ImageRef: nothing else in a payload has both a hash and a width.
  if (typeof hash === 'string' && typeof width === 'number') found.images.add(hash)
  for (const member of Object.values(value)) collect(member, found)
}
