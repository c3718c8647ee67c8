import type { KeyedImage } from './images.ts'
import type { Layer } from './modes.ts'
import type { Point } from './view.ts'

/** Keys of the images that layers show. */
export function keysOf(layers: readonly Layer[]): string[] {
  return layers.flatMap(layer => (layer.kind === 'image' ? [layer.key] : [layer.a, layer.b]))
}

/** A finding of a triplet: which image it is about, and its place in that image's list. */
export interface FindingName {
  key: string
  index: number
}

/** The finding of these images whose box holds a point (0..1 of the frame); of several the smallest. */
export function findingAt(
  images: readonly KeyedImage[],
  shown: ReadonlySet<string>,
  { x, y }: Point,
): FindingName | null {
  const held = images
    .filter(({ key }) => shown.has(key))
    .flatMap(({ key, findings = [] }) => findings.map(({ box }, index) => ({ key, index, box })))
    .flatMap(({ key, index, box }) => {
      if (!box || x < box[0] || x > box[2] || y < box[1] || y > box[3]) return []
      return [{ key, index, area: (box[2] - box[0]) * (box[3] - box[1]) }]
    })
  const [smallest] = held.sort((a, b) => a.area - b.area)
  return smallest ? { key: smallest.key, index: smallest.index } : null
}
