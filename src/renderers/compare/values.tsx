import type { ColumnInfo } from '../../kernel/protocol/mime.ts'
import { columnNote, formatValue } from '../shared/numbers.ts'
import type { KeyedImage } from './images.ts'

/** The numbers of an image, each with its column's definition as tooltip. */
export function Values({
  image,
  columns,
}: {
  image: KeyedImage | undefined
  columns: readonly ColumnInfo[]
}) {
  if (!image) return null
  const shown = columns.filter(column => image.values[column.name] !== undefined)
  return (
    <span class="compare-values">
      {shown.map(column => (
        <span key={column.name} title={columnNote(column)}>
          <span class="m-muted">{column.label ?? column.name}</span>{' '}
          <span class="m-number">{formatValue(image.values[column.name])}</span>
        </span>
      ))}
    </span>
  )
}
