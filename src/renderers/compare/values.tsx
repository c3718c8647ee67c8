import type { ColumnInfo } from '../../kernel/protocol/mime.ts'
import { columnDecimals, columnNote, formatValue } from '../shared/ui/numbers.ts'
import type { KeyedImage } from './model/images.ts'

/** The numbers of an image, each with its column's definition as tooltip. */
export function Values(props: {
  image: KeyedImage | undefined
  images: readonly KeyedImage[]
  columns: readonly ColumnInfo[]
  /** Room, in CSS px. */
  width: number
}) {
  const { image, images, columns, width } = props
  if (!image) return null
  const shown = columns.filter(column => image.values[column.name] !== undefined)
  return (
    <span class="compare-values" data-lines={valueLines(images, columns, width)}>
      {shown.map(column => (
        <span key={column.name} title={columnNote(column)}>
          <span class="m-muted">{column.name}</span>{' '}
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

const CHARACTER = 6
const MOST_LINES = 2

/** Lines that the numbers of any of the images need, the same for all of them so that the images stay aligned. */
export function valueLines(
  images: readonly KeyedImage[],
  columns: readonly ColumnInfo[],
  width: number,
): number {
  const shown = columns.filter(({ name }) => images.some(({ values }) => values[name] !== undefined))
  const characters = shown.reduce((sum, { name }) => sum + name.length + 9, 0)
  return Math.min(MOST_LINES, Math.ceil((characters * CHARACTER) / Math.max(1, width)))
}
