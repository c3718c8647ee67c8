import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { ChartLink } from '../../kernel/protocol/mime.ts'
import type { Pictures } from '../shared/pictures/pictures.ts'
import { Thumbnail } from '../shared/pictures/thumbnail.tsx'
import { formatValue, shorten } from '../shared/ui/numbers.ts'
import { type ChartMark, fieldsOf } from './marks.ts'
import type { Drawing } from './plot.tsx'

interface Point {
  x: number
  y: number
}

const THUMB = 128

/**
 * What is around a chart and answers pointer and keyboard: hovering tells what a mark is and shows its image, pressing
 * takes or opens it, dragging takes all marks in a rectangle, arrow keys walk from mark to mark.
 */
export function Interaction(props: {
  drawing: Drawing | undefined
  children: ComponentChildren
  label: string
  /** What fields are called, by field. */
  titles: ReadonlyMap<string, string>
  links: readonly ChartLink[]
  selected: ReadonlySet<number>
  pictures: Pictures
  onSelect: (rows: number[], add: boolean) => void
  onOpen: (chart: string) => void
}) {
  const { drawing, children, label, titles, links, selected, pictures, onSelect, onOpen } = props
  const marks = drawing?.marks ?? []
  const [at, setAt] = useState<number | undefined>()
  const [band, setBand] = useState<{ from: Point; to: Point } | undefined>()
  const layer = useRef<HTMLDivElement>(null)
  const current = at === undefined ? undefined : marks[at]

  const locate = (event: PointerEvent): Point => {
    const box = layer.current!.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const take = (mark: ChartMark, add: boolean) => {
    if (mark.chart !== undefined) onOpen(mark.chart)
    else if (mark.row !== undefined) onSelect([mark.row], add)
  }
  const finish = (to: Point, add: boolean) => {
    if (!band) return
    setBand(undefined)
    const [left, right] = [band.from.x, to.x].sort((a, b) => a - b)
    const [top, bottom] = [band.from.y, to.y].sort((a, b) => a - b)
    if (right - left < 4 && bottom - top < 4) {
      const hit = nearestMark(marks, to)
      if (hit !== undefined) take(marks[hit], add)
      else if (!add) onSelect([], false)
      return
    }
    const inside = marks.filter(({ x, y }) => x >= left && x <= right && y >= top && y <= bottom)
    onSelect([...new Set(inside.flatMap(mark => mark.row ?? []))], add)
  }
  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }
    const step = steps[event.key]
    if (step !== undefined && marks.length > 0) {
      setAt(((at ?? (step > 0 ? -1 : 0)) + step + marks.length) % marks.length)
    } else if ((event.key === 'Enter' || event.key === ' ') && current)
      take(current, event.key === ' ' || event.shiftKey)
    else if (event.key === 'Escape') {
      setAt(undefined)
      onSelect([], false)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <div
      ref={layer}
      class="chart-layer"
      role="application"
      aria-label={`${label}. Arrow keys walk through ${marks.length} marks, Enter takes one.`}
      tabIndex={0}
      data-over={current ? '' : undefined}
      onKeyDown={walk}
      onBlur={() => setAt(undefined)}
      onPointerDown={event => {
        if (event.button !== 0) return
        layer.current!.setPointerCapture(event.pointerId)
        const from = locate(event)
        setBand({ from, to: from })
      }}
      onPointerMove={event => {
        const to = locate(event)
        if (band) setBand({ ...band, to })
        setAt(nearestMark(marks, to))
      }}
      onPointerUp={event => finish(locate(event), event.shiftKey || event.ctrlKey || event.metaKey)}
      onPointerCancel={() => setBand(undefined)}
      onPointerLeave={() => !band && setAt(undefined)}
    >
      {children}
      <svg class="chart-rings" aria-hidden="true">
        {marks.map(
          (mark, i) =>
            mark.row !== undefined &&
            selected.has(mark.row) && (
              <circle key={i} class="chart-selected" cx={mark.x} cy={mark.y} r={mark.reach + 3} />
            ),
        )}
        {current && <circle class="chart-current" cx={current.x} cy={current.y} r={current.reach + 4} />}
        {band && (
          <rect
            class="chart-band"
            x={Math.min(band.from.x, band.to.x)}
            y={Math.min(band.from.y, band.to.y)}
            width={Math.abs(band.from.x - band.to.x)}
            height={Math.abs(band.from.y - band.to.y)}
          />
        )}
      </svg>
      {current && (
        <Tip
          mark={current}
          titles={titles}
          link={current.row === undefined ? undefined : links[current.row]}
          pictures={pictures}
          room={layer}
        />
      )}
      <span class="m-hidden" role="status">
        {current && describe(current, titles, current.row === undefined ? undefined : links[current.row])}
      </span>
    </div>
  )
}

function Tip(props: {
  mark: ChartMark
  titles: ReadonlyMap<string, string>
  link: ChartLink | undefined
  pictures: Pictures
  room: { current: HTMLElement | null }
}) {
  const { mark, titles, link, pictures, room } = props
  const { clientWidth: width = 0, clientHeight: height = 0 } = room.current ?? {}
  const style = {
    [mark.x > width / 2 ? 'right' : 'left']: `${(mark.x > width / 2 ? width - mark.x : mark.x) + 12}px`,
    [mark.y > height / 2 ? 'bottom' : 'top']: `${(mark.y > height / 2 ? height - mark.y : mark.y) + 12}px`,
  }
  return (
    <div class="chart-tip" style={style}>
      {link?.thumb !== undefined && (
        <Thumbnail hash={link.thumb} label={link.id} width={THUMB} height={THUMB} pictures={pictures} />
      )}
      <div>
        {link && (
          <div class="chart-tip-name">
            {shorten(link.id, 40)}{' '}
            {link.method !== null && <span class="m-muted">{shorten(link.method, 30)}</span>}
          </div>
        )}
        <dl>
          {fieldsOf(mark.datum)
            .filter(([name]) => !link || (name !== 'id' && name !== 'method'))
            .slice(0, 10)
            .map(([name, value]) => (
              <div key={name}>
                <dt class="m-muted">{shorten(titles.get(name) ?? name, 24)}</dt>
                <dd class="m-number">{shorten(formatValue(value), 30)}</dd>
              </div>
            ))}
        </dl>
      </div>
    </div>
  )
}

function describe(mark: ChartMark, titles: ReadonlyMap<string, string>, link: ChartLink | undefined): string {
  const values = fieldsOf(mark.datum).map(
    ([name, value]) => `${titles.get(name) ?? name} ${formatValue(value)}`,
  )
  const name = link ? [link.id, link.method ?? ''] : []
  return [...name, ...values, mark.chart === undefined ? '' : 'opens a chart'].filter(Boolean).join(', ')
}

/** Index of the mark under a point; of several the nearest. Small ones are given a reach of a few px. */
export function nearestMark(marks: readonly ChartMark[], at: Point): number | undefined {
  let best: number | undefined
  let least = Number.POSITIVE_INFINITY
  for (const [i, mark] of marks.entries()) {
    const distance = Math.hypot(mark.x - at.x, mark.y - at.y)
    if (distance > Math.max(7, mark.reach + 2) || distance >= least) continue
    best = i
    least = distance
  }
  return best
}
