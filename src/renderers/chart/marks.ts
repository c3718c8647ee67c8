import type { View } from 'vega'

/** A mark that stands for something: an image (`row`, an index into the links) or a chart behind it (`chart`). */
export interface ChartMark {
  row?: number
  chart?: string
  datum: Record<string, unknown>
  /** Centre, in CSS px from the corner of the chart's drawing. */
  x: number
  y: number
  /** Half of its longer side. */
  reach: number
}

interface Item {
  marktype?: string
  items?: Item[]
  x?: number
  y?: number
  bounds?: { x1: number; y1: number; x2: number; y2: number }
  datum?: Record<string, unknown>
}

/** The meaningful marks of a drawn chart, in the order of their columns, then rows, for walking by keyboard. */
export function marksOf(view: View): ChartMark[] {
  const found: ChartMark[] = []
  const [left, top] = cornerOf(view)
  const visit = (item: Item, x: number, y: number) => {
    for (const child of item.items ?? []) {
      if (child.marktype !== undefined) visit(child, x, y)
      else if (child.items) visit(child, x + (child.x ?? 0), y + (child.y ?? 0))
      else {
        const mark = markOf(child, x, y)
        if (mark) found.push(mark)
      }
    }
  }
  visit((view.scenegraph() as unknown as { root: Item }).root, left, top)
  return found.sort((a, b) => a.x - b.x || a.y - b.y)
}

/** Where the plot's own coordinates begin in its drawing, in CSS px. */
function cornerOf(view: View): [number, number] {
  const padding = view.padding() as { left: number; top: number } | number
  const [x, y] = view.origin()
  return typeof padding === 'number' ? [x + padding, y + padding] : [x + padding.left, y + padding.top]
}

/** What a datum stands for. */
export function meaningOf(datum: unknown): { row?: number; chart?: string } {
  const { _row, _chart } = (datum ?? {}) as { _row?: unknown; _chart?: unknown }
  return {
    ...(typeof _row === 'number' ? { row: _row } : {}),
    ...(typeof _chart === 'string' ? { chart: _chart } : {}),
  }
}

function markOf({ datum, bounds }: Item, x: number, y: number): ChartMark | undefined {
  const meaning = meaningOf(datum)
  if (!bounds || !datum || (meaning.row === undefined && meaning.chart === undefined)) return undefined
  const { x1, y1, x2, y2 } = bounds
  const reach = Math.max(x2 - x1, y2 - y1) / 2
  return { ...meaning, datum, x: x + (x1 + x2) / 2, y: y + (y1 + y2) / 2, reach }
}

/** Fields of a datum that a person wrote or measured: not the renderer's own, not Vega's. */
export function fieldsOf(datum: Record<string, unknown>): [string, string | number | boolean | null][] {
  return Object.entries(datum).filter(
    (entry): entry is [string, string | number | boolean | null] =>
      !entry[0].startsWith('_') &&
      (entry[1] === null || ['string', 'number', 'boolean'].includes(typeof entry[1])),
  )
}
