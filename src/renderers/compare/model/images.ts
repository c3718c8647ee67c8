import type { CompareImage, CompareTriplet } from '../../../kernel/protocol/mime.ts'
import type { Size } from './view.ts'

/** An image of a triplet under a key that means the same in every triplet: `lr`, `gt`, `sr:METHOD`. */
export interface KeyedImage extends CompareImage {
  key: string
}

export function keyImages(triplet: CompareTriplet): KeyedImage[] {
  const seen = new Map<string, number>()
  return triplet.images.map(image => {
    const name = image.role === 'sr' ? `sr:${image.method ?? image.label}` : image.role
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return { ...image, key: count === 1 ? name : `${name}#${count}` }
  })
}

/** The common coordinates of a triplet: the pixels of its largest image, which is GT or SR. */
export function frameOf(images: readonly CompareImage[]): Size {
  let frame: Size = { width: 1, height: 1 }
  for (const { image } of images) {
    if (image.width * image.height > frame.width * frame.height)
      frame = { width: image.width, height: image.height }
  }
  return frame
}
