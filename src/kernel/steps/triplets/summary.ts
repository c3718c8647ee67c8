import { counted } from '../../counted.ts'
import type { ImageRef } from '../../protocol/mime.ts'
import type { StudyTable } from '../../value.ts'
import { type SizedTriplet, size } from './sizes.ts'

/** What was loaded, in two lines. */
export function summary(sized: SizedTriplet[], table: StudyTable, shown: number): string {
  const methods = [...new Set(table.rows.flatMap(({ method }) => method ?? []))]
  const names = methods.length > 0 ? ` (${methods.join(', ')})` : ''
  const parts = [
    sizes(
      'LR',
      sized.flatMap(({ lr }) => lr ?? []),
    ),
    sizes(
      'GT',
      sized.flatMap(({ gt }) => gt ?? []),
    ),
    sizes(
      'SR',
      sized.flatMap(({ sr }) => Object.values(sr)),
    ),
    table.scale === undefined ? 'scale unknown' : `scale ${table.scale}`,
  ]
  return [
    `${counted(sized.length, 'image')}, ${counted(methods.length, 'method')}${names}: ${counted(table.rows.length, 'row')}; ${shown} shown.`,
    parts.join(', '),
  ].join('\n')
}

function sizes(label: string, images: ImageRef[]): string {
  if (images.length === 0) return `no ${label}`
  const distinct = [...new Set(images.map(size))]
  const some = distinct.slice(0, 3).join(', ')
  return `${images.length} ${label} ${distinct.length > 3 ? `${some} and ${distinct.length - 3} other sizes` : some}`
}

/** The first names, and how many more. */
export function listed(names: string[], shown = 5): string {
  return names.length <= shown
    ? names.join(', ')
    : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`
}

/** One note per kind of conversion, with the files that it happened to. */
export function conversionNotes(
  ingested: Map<string, { image: { name?: string }; converted: string[] }>,
): string[] {
  const byPhrase = Map.groupBy(
    [...ingested.values()].flatMap(({ image, converted }) =>
      converted.map(phrase => ({ phrase, name: image.name ?? '' })),
    ),
    ({ phrase }) => phrase,
  )
  return [...byPhrase].map(([phrase, group]) => `${phrase}: ${listed(group.map(({ name }) => name))}.`)
}
