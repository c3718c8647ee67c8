import type { Picture } from '../../shared/pictures/picture.ts'
import type { Region } from '../model/state.ts'
import type { Size } from '../model/view.ts'

/** One image of a figure. */
export interface FigurePart {
  label: string
  /** A second, smaller line: the image's numbers. */
  note: string
  picture: Picture
}

export interface FigureOptions {
  frame: Size
  region: Region
  /** Figure px per frame px. */
  magnification: number
  smooth: boolean
  /** Puts the whole first image with the region outlined before the crops. */
  overview: boolean
}

interface Cell {
  x: number
  y: number
  width: number
  height: number
  label: string
  note: string
  paint(context: OffscreenCanvasRenderingContext2D): void
}

interface Figure {
  width: number
  height: number
  cells: Cell[]
}

const GAP = 6
const LABEL = { size: 15, line: 20 }
const NOTE = { size: 12, line: 16 }
const FONT = 'Helvetica, Arial, "Liberation Sans", sans-serif'
const OUTLINE = '#d55e00'
/** Paper, and ink on it: a figure does not follow the theme. */
const WHITE = '#ffffff'
const BLACK = '#000000'
const GREY = '#333333'

/** The same region of all parts in one row, each named below it. */
function composeFigure(parts: readonly FigurePart[], options: FigureOptions): Figure {
  const { frame, region, magnification, smooth, overview } = options
  const width = Math.round(region.width * magnification)
  const height = Math.round(region.height * magnification)
  const cells: Cell[] = []
  let x = 0
  const add = (cell: Omit<Cell, 'x' | 'y' | 'height'>) => {
    cells.push({ ...cell, x, y: 0, height })
    x += cell.width + GAP
  }
  if (overview && parts.length > 0) {
    const scale = height / frame.height
    const whole = Math.max(1, Math.round(frame.width * scale))
    add({
      width: whole,
      label: parts[0].label,
      note: parts[0].note,
      paint(context) {
        parts[0].picture.paint(context, { x: 0, y: 0, width: whole, height }, smooth)
        context.strokeStyle = OUTLINE
        context.lineWidth = 2
        context.strokeRect(region.x * scale, region.y * scale, region.width * scale, region.height * scale)
      },
    })
  }
  for (const { label, note, picture } of parts) {
    const place = {
      x: -region.x * magnification,
      y: -region.y * magnification,
      width: frame.width * magnification,
      height: frame.height * magnification,
    }
    add({ width, label, note, paint: context => picture.paint(context, place, smooth) })
  }
  const lines = LABEL.line + (parts.some(({ note }) => note !== '') ? NOTE.line : 0)
  return { width: Math.max(1, x - GAP), height: height + lines + 4, cells }
}

/** @throws Error when the figure is too large for a canvas */
export async function figurePng(parts: readonly FigurePart[], options: FigureOptions): Promise<Blob> {
  const { width, height, cells } = composeFigure(parts, options)
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')!
  context.fillStyle = WHITE
  context.fillRect(0, 0, width, height)
  for (const cell of cells) {
    context.drawImage(cellCanvas(cell), cell.x, cell.y)
    context.textAlign = 'center'
    context.textBaseline = 'alphabetic'
    const write = (text: string, { size }: { size: number }, colour: string, baseline: number) => {
      context.font = `${size}px ${FONT}`
      context.fillStyle = colour
      context.fillText(text, cell.x + cell.width / 2, cell.height + baseline, cell.width)
    }
    write(cell.label, LABEL, BLACK, LABEL.line - 3)
    write(cell.note, NOTE, GREY, LABEL.line + NOTE.line - 4)
  }
  return canvas.convertToBlob({ type: 'image/png' })
}

/** The figure with its labels as text, so that a paper's own type can replace them. */
export async function figureSvg(parts: readonly FigurePart[], options: FigureOptions): Promise<Blob> {
  const { width, height, cells } = composeFigure(parts, options)
  const lines = await Promise.all(
    cells.map(async cell => {
      const image = await dataUrl(await cellCanvas(cell).convertToBlob({ type: 'image/png' }))
      const middle = cell.x + cell.width / 2
      const text = (content: string, size: number, colour: string, baseline: number) =>
        `<text x="${middle}" y="${cell.height + baseline}" font-size="${size}" fill="${colour}">${escapeXml(content)}</text>`
      return [
        `<image x="${cell.x}" y="${cell.y}" width="${cell.width}" height="${cell.height}" href="${image}"/>`,
        text(cell.label, LABEL.size, BLACK, LABEL.line - 3),
        text(cell.note, NOTE.size, GREY, LABEL.line + NOTE.line - 4),
      ].join('\n')
    }),
  )
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="${WHITE}"/>`,
    `<g font-family='${FONT}' text-anchor="middle">`,
    ...lines,
    '</g>\n</svg>',
  ]
  return new Blob([svg.join('\n')], { type: 'image/svg+xml' })
}

function cellCanvas(cell: Cell): OffscreenCanvas {
  const canvas = new OffscreenCanvas(cell.width, cell.height)
  cell.paint(canvas.getContext('2d')!)
  return canvas
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result as string)
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(blob)
  })
}

/** Text for XML: markup is escaped, and characters that XML 1.0 cannot hold are left out. */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  }
  return [...text]
    .filter(character => character >= ' ' && !/[\uD800-\uDFFF\uFFFE\uFFFF]/u.test(character))
    .map(character => entities[character] ?? character)
    .join('')
}
