import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ColumnInfo } from '../../kernel/protocol/mime.ts'
import type { Pictures } from '../shared/pictures/pictures.ts'
import { columnDecimals } from '../shared/ui/numbers.ts'
import { fitTiles, type Line, layGrid, lineOf, moveBy, visibleLines } from './grid.ts'
import type { Entry, Group } from './order.ts'
import { rowKey, type ShownRow } from './rows.ts'
import { TEXT_LINE, Tile } from './tile.tsx'

const GAP = 8
/** The grid scrolls within this height, in CSS px. */
export const TALLEST = 520
/** Drawn beyond the edges, so that scrolling shows no holes. */
const SPARE = 200

/** The tiles that are in sight, out of any number. */
export function GridView(props: {
  groups: readonly Group[]
  rows: readonly ShownRow[]
  columns: readonly ColumnInfo[]
  width: number
  aspect: number
  tagsOf: (row: ShownRow) => readonly string[]
  selected: ReadonlySet<string>
  open: string | undefined
  pictures: Pictures
  onOpen: (entry: Entry) => void
  onTag: (entry: Entry) => void
}) {
  const { groups, rows, columns, aspect, tagsOf, selected, open, pictures, onOpen, onTag } = props
  const box = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState({ width: 0, top: 0 })
  const [current, setCurrent] = useState(0)
  const focusAfter = useRef(false)
  const { columns: across, width } = fitTiles(props.width, GAP, room.width || 800)
  const thumbHeight = Math.round(width * aspect)
  const tileHeight = thumbHeight + 2 * TEXT_LINE + 8
  const grid = useMemo(() => layGrid(groups, tileHeight, GAP, across), [groups, tileHeight, across])
  const height = Math.min(TALLEST, Math.max(tileHeight, grid.height))
  const shown = useMemo(
    () => columns.map(info => ({ info, decimals: columnDecimals(rows.map(row => row.values[info.name])) })),
    [columns, rows],
  )
  const entries = useMemo(() => groups.flatMap(group => group.entries), [groups])
  const place = Math.min(current, Math.max(0, grid.count - 1))

  useLayoutEffect(() => {
    const element = box.current!
    const measure = () => setRoom(last => ({ ...last, width: element.clientWidth }))
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    if (!focusAfter.current) return
    focusAfter.current = false
    box.current?.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus({ preventScroll: true })
  })

  const reveal = (target: number) => {
    const line = grid.lines[lineOf(grid, target)]
    const element = box.current!
    if (!line) return
    if (line.top < element.scrollTop) element.scrollTop = line.top
    else if (line.top + line.height > element.scrollTop + element.clientHeight) {
      element.scrollTop = line.top + line.height - element.clientHeight
    }
    setRoom(last => ({ ...last, top: element.scrollTop }))
  }
  const press = (event: KeyboardEvent) => {
    const entry = entries[place]
    if (event.ctrlKey || event.metaKey || event.altKey || !entry) return
    const target = moveBy(grid, place, event.key, Math.max(1, Math.floor(height / tileHeight)))
    if (target !== undefined) {
      focusAfter.current = true
      setCurrent(target)
      reveal(target)
    } else if (event.key === 'Enter' || event.key === ' ') onOpen(entry)
    else if (event.key === 't') onTag(entry)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const [from, to] = visibleLines(grid, room.top, height, SPARE)
  // Lines keep their element while they move through the window: the number of nodes does not grow.
  const slots = Math.ceil((height + 2 * SPARE) / (tileHeight + GAP)) + 2
  return (
    <div
      ref={box}
      class="gallery-grid"
      role="grid"
      aria-label="Images"
      aria-rowcount={grid.lines.length}
      aria-colcount={grid.columns}
      aria-multiselectable="true"
      style={{ height: `${height}px` }}
      onScroll={event => setRoom(last => ({ ...last, top: event.currentTarget.scrollTop }))}
      onKeyDown={press}
    >
      <div class="gallery-spacer" role="presentation" style={{ height: `${grid.height}px` }} />
      {room.width > 0 &&
        grid.lines.slice(from, to).map((line, i) => (
          <LineView key={(from + i) % slots} line={line} row={from + i + 1}>
            {line.entries.map((entry, column) => {
              const key = rowKey(entry.row)
              return (
                <Tile
                  key={column}
                  row={entry.row}
                  place={line.first + column}
                  width={width}
                  thumbHeight={thumbHeight}
                  columns={shown}
                  tags={tagsOf(entry.row)}
                  selected={selected.has(key)}
                  open={open === key}
                  current={line.first + column === place}
                  pictures={pictures}
                  onOpen={target => {
                    setCurrent(target)
                    onOpen(entries[target])
                  }}
                />
              )
            })}
          </LineView>
        ))}
    </div>
  )
}

function LineView({ line, row, children }: { line: Line; row: number; children: preact.ComponentChildren }) {
  const style = { top: `${line.top}px`, height: `${line.height}px`, gap: `${GAP}px` }
  return (
    <div class="gallery-row" role="row" aria-rowindex={row} style={style}>
      {line.heading ? (
        <div class="gallery-heading" role="rowheader">
          {line.heading.label} <span class="m-muted m-number">{line.heading.count}</span>
        </div>
      ) : (
        children
      )}
    </div>
  )
}
