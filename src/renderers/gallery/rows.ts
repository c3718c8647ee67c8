import type { CompareImage, GalleryPayload, GalleryRow } from '../../kernel/protocol/mime.ts'

/** A row with its image and numbers, wherever the payload has them. */
export interface ShownRow extends GalleryRow {
  values: NonNullable<GalleryRow['values']>
}

export interface ShownGallery extends Omit<GalleryPayload, 'rows'> {
  rows: ShownRow[]
}

/** Takes images and numbers that rows leave out from the triplets; the n-th of equal rows has the n-th of equal images. */
export function fillRows({ columns, rows, triplets }: GalleryPayload): ShownGallery {
  const made = new Map<string, CompareImage[]>()
  for (const { id, images } of triplets) {
    for (const image of images) {
      if (image.role !== 'sr') continue
      const key = rowKey({ id, method: image.method ?? null })
      made.set(key, [...(made.get(key) ?? []), image])
    }
  }
  const taken = new Map<string, number>()
  const shown = rows.map(row => {
    if (row.image && row.values) return row as ShownRow
    const key = rowKey(row)
    const place = taken.get(key) ?? 0
    taken.set(key, place + 1)
    const found = made.get(key)?.[place]
    return { ...row, image: row.image ?? found?.image, values: row.values ?? found?.values ?? {} }
  })
  return { columns, rows: shown, triplets }
}

/** Names a row within its study. */
export function rowKey({ id, method }: Pick<GalleryRow, 'id' | 'method'>): string {
  return JSON.stringify([id, method])
}
