import type { ColumnInfo } from '../../kernel/protocol/mime.ts'
import { columnDecimals, columnNote, formatValue } from '../shared/ui/numbers.ts'
import type { KeyedImage } from './model/images.ts'

/** The numbers of an image, each with its column's definition as tooltip. */
export function Values(props: {
  image: KeyedImage | undefined
  images: readonly KeyedImage[]
  columns: readonly ColumnInfo[]
}) {
  const { image, images, columns } = props
  if (!image) return null
  const shown = columns.filter(column => image.values[column.name] !== undefined)
  return (
    <span class="compare-values">
      {shown.map(column => (
        <span key={column.name} title={columnNote(column)}>
          <span class="m-muted">{column.label ?? column.name}</span>{' '}
          <span class="m-number">{showValue(image, images, column)}</span>
        </span>
      ))}
    </span>
  )
}

/** A value with as many decimals as the same number of the other images has. */
export function showValue(image: KeyedImage, images: readonly KeyedImage[], { name }: ColumnInfo): string {
  return formatValue(image.values[name], columnDecimals(images.map(({ values }) => values[name])))
}
