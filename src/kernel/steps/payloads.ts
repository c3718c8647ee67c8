import type { CompareImage, ComparePayload, CompareTriplet } from '../protocol/mime.ts'
import type { Row, StudyTable } from '../value.ts'

/** Triplets of a table as the comparison renderer takes them: LR, GT and every method of an image together. */
export function tripletsOf(table: StudyTable, ids?: Iterable<string>): CompareTriplet[] {
  const rowsById = Map.groupBy(table.rows, row => row.id)
  return [...(ids ?? rowsById.keys())].flatMap(id => {
    const rows = rowsById.get(id)
    return rows ? [{ id, scale: table.scale, images: imagesOf(rows) }] : []
  })
}

export function comparePayload(table: StudyTable, ids?: Iterable<string>): ComparePayload {
  return { columns: table.columns, triplets: tripletsOf(table, ids) }
}

function imagesOf(rows: Row[]): CompareImage[] {
  const { lr, gt } = rows[0].images
  const images: CompareImage[] = []
  if (lr) images.push({ role: 'lr', label: 'LR', image: lr, values: {} })
  if (gt) images.push({ role: 'gt', label: 'GT', image: gt, values: {} })
  for (const { method, seed, images: own, values, overlays, findings } of rows) {
    if (!own.sr || method === null) continue
    const label = seed === undefined ? method : `${method} #${seed}`
    images.push({ role: 'sr', label, method, image: own.sr, values, overlays, findings })
  }
  return images
}
