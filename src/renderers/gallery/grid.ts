import type { Entry, Group } from './order.ts'

/** One line of the grid: a group's heading, or tiles beside each other. Lengths in CSS px. */
export interface Line {
  top: number
  height: number
  heading?: { label: string; count: number }
  entries: Entry[]
  /** Place of its first entry among all that are shown. */
  first: number
}

export interface Grid {
  lines: Line[]
  columns: number
  height: number
  count: number
}

const HEADING = 26

/** As many tiles of about a width as fit beside each other, filling the room. */
export function fitTiles(wanted: number, gap: number, room: number): { columns: number; width: number } {
  const columns = Math.max(1, Math.floor((room + gap) / (wanted + gap)))
  return { columns, width: Math.max(40, Math.floor((room - gap * (columns - 1)) / columns)) }
}

/** All lines of tiles, each with a number of columns. */
export function layGrid(groups: readonly Group[], tileHeight: number, gap: number, columns: number): Grid {
  const lines: Line[] = []
  let top = 0
  let first = 0
  for (const { label, entries } of groups) {
    if (label !== '') {
      lines.push({ top, height: HEADING, heading: { label, count: entries.length }, entries: [], first })
      top += HEADING
    }
    for (let i = 0; i < entries.length; i += columns) {
      const members = entries.slice(i, i + columns)
      lines.push({ top, height: tileHeight, entries: members, first })
      top += tileHeight + gap
      first += members.length
    }
  }
  return { lines, columns, height: top, count: first }
}

/** Range of lines to draw for a scroll position: those that are seen and `spare` px before and after. */
export function visibleLines(
  { lines }: Grid,
  scrollTop: number,
  height: number,
  spare: number,
): [number, number] {
  const from = lineAt(lines, scrollTop - spare)
  const to = lineAt(lines, scrollTop + height + spare)
  return [from, Math.min(lines.length, to + 1)]
}

/** Index of the line at a height, the nearest where there is none. */
function lineAt(lines: readonly Line[], y: number): number {
  let low = 0
  let high = lines.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (lines[middle].top <= y) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}

/** Index of the line that holds the entry at a place. */
export function lineOf({ lines }: Grid, place: number): number {
  return lines.findIndex(line => place >= line.first && place < line.first + line.entries.length)
}

/** Where an arrow or paging key leads from a place; up and down keep the column. */
export function moveBy(grid: Grid, place: number, key: string, page: number): number | undefined {
  const last = grid.count - 1
  const bound = (value: number) => Math.max(0, Math.min(last, value))
  const tiles = grid.lines.filter(line => line.entries.length > 0)
  const down = (steps: number) => {
    const at = tiles.findIndex(line => place >= line.first && place < line.first + line.entries.length)
    const target = tiles[Math.max(0, Math.min(tiles.length - 1, at + steps))]
    const column = place - tiles[at].first
    return target.first + Math.min(column, target.entries.length - 1)
  }
  switch (key) {
    case 'ArrowRight':
      return bound(place + 1)
    case 'ArrowLeft':
      return bound(place - 1)
    case 'ArrowDown':
      return down(1)
    case 'ArrowUp':
      return down(-1)
    case 'PageDown':
      return down(page)
    case 'PageUp':
      return down(-page)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}
