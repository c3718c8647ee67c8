import type { ColumnInfo } from '../../kernel/protocol/mime.ts'
import type { Pictures } from '../shared/pictures/pictures.ts'
import { Thumbnail } from '../shared/pictures/thumbnail.tsx'
import { memo } from '../shared/ui/memo.ts'
import { formatValue } from '../shared/ui/numbers.ts'
import type { ShownRow } from './rows.ts'

/** Lines of text under a thumbnail, in CSS px. */
export const TEXT_LINE = 16

export interface TileProps {
  row: ShownRow
  place: number
  width: number
  thumbHeight: number
  columns: readonly { info: ColumnInfo; decimals: number }[]
  tags: readonly string[]
  selected: boolean
  open: boolean
  current: boolean
  pictures: Pictures
  onOpen: (place: number) => void
}

/** One row: its image, its names, its numbers, its tags. */
export const Tile = memo((props: TileProps) => {
  const { row, place, width, thumbHeight, columns, tags, selected, open, current, pictures, onOpen } = props
  const numbers = columns.map(({ info, decimals }) => ({
    name: info.name,
    value: formatValue(row.values[info.name], decimals),
  }))
  return (
    <div
      class="gallery-tile"
      role="gridcell"
      tabIndex={current ? 0 : -1}
      data-place={place}
      data-open={open ? '' : undefined}
      aria-selected={selected}
      title={[row.id, row.method].filter(Boolean).join(' · ')}
      style={{ width: `${width}px` }}
      onClick={() => onOpen(place)}
    >
      <Thumbnail
        hash={row.image?.thumb ?? row.image?.hash}
        label=""
        width={width}
        height={thumbHeight}
        pictures={pictures}
      />
      <div class="gallery-line">
        <span class="gallery-id">{row.id}</span>
        <span class="m-muted gallery-method">{row.method}</span>
      </div>
      <div class="gallery-line gallery-numbers">
        {numbers.map(({ name, value }) => (
          <span key={name}>
            <span class="m-muted">{name}</span> <span class="m-number">{value}</span>
          </span>
        ))}
      </div>
      {tags.length > 0 && (
        <div class="gallery-tags-shown">
          {tags.map(tag => (
            <span key={tag} class="gallery-tag">
              {tag}
            </span>
          ))}
        </div>
      )}
    </div>
  )
})
