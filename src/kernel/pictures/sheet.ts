import sharp, { type OverlayOptions } from 'sharp'
import type { Store } from '../store/store.ts'
import { FONT } from './fonts.ts'
import type { SheetRecipe, SheetTile } from './recipe.ts'
import { svgText, wrapped } from './words.ts'

const MARGIN = 10
const GAP = 6
const SIZE = 11
const LINE = 14
const INK = '#333333'
/** Ground of a place whose image is not there. */
const EMPTY = '#eeeeee'
/** A row is at most this many times as high as an image is wide. */
const TALLEST = 1.5

interface Place {
  tile: SheetTile
  x: number
  y: number
  width: number
  height: number
}

interface Layout {
  width: number
  height: number
  places: Place[]
  /** SVG of all words. */
  words: string[]
}

/**
 * Images in rows and columns with their names, on white. Images smaller than their place are enlarged pixel by pixel.
 *
 * @param side width of an image, in pixels
 * @returns PNG
 */
export async function drawSheet(recipe: SheetRecipe, side: number, store: Store): Promise<Uint8Array> {
  const { width, height, places, words } = layOut(recipe, side)
  const layers: OverlayOptions[] = []
  for (const place of places) {
    const image = await drawTile(place, store)
    if (image) layers.push(image)
    else words.push(missing(place))
  }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="${FONT}" fill="${INK}">${words.join('')}</svg>`
  return sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite([...layers, { input: Buffer.from(svg), left: 0, top: 0 }])
    .removeAlpha()
    .png({ compressionLevel: 9, adaptiveFiltering: true })
    .toBuffer()
}

function layOut({ heads, rows, columns, note }: SheetRecipe, side: number): Layout {
  const width = 2 * MARGIN + columns * side + (columns - 1) * GAP
  const words: string[] = []
  const places: Place[] = []
  const left = (column: number) => MARGIN + column * (side + GAP)
  let y = MARGIN
  if (heads) {
    const lines = heads.map(head => wrapped(head, side, SIZE, 2))
    const deepest = Math.max(...lines.map(({ length }) => length))
    for (const [column, head] of lines.entries())
      for (const [i, line] of head.entries())
        words.push(svgText(line, left(column), y + (deepest - head.length + i + 1) * LINE - 3, SIZE, 700))
    y += deepest * LINE + 2
  }
  for (const { title, tiles } of rows) {
    if (title !== undefined) {
      const [line = ''] = wrapped(title, width - 2 * MARGIN, SIZE, 1)
      words.push(svgText(line, MARGIN, y + LINE - 3, SIZE))
      y += LINE
    }
    const tallest = Math.max(...tiles.map(tile => (tile ? (side * tile.height) / tile.width : 0)))
    const rowHeight = Math.max(1, Math.round(Math.min(tallest, TALLEST * side)))
    const labels = tiles.map(tile => (tile?.labels ?? []).flatMap(label => wrapped(label, side, SIZE, 2)))
    for (const [column, tile] of tiles.entries()) {
      if (!tile) continue
      const scale = Math.min(side / tile.width, rowHeight / tile.height)
      places.push({
        tile,
        x: left(column),
        y,
        width: Math.max(1, Math.round(tile.width * scale)),
        height: Math.max(1, Math.round(tile.height * scale)),
      })
      for (const [i, line] of labels[column].entries())
        words.push(svgText(line, left(column), y + rowHeight + (i + 1) * LINE - 2, SIZE))
    }
    y += rowHeight + Math.max(...labels.map(({ length }) => length)) * LINE + GAP
  }
  for (const line of wrapped(note ?? '', width - 2 * MARGIN, SIZE, 2)) {
    words.push(svgText(line, MARGIN, y + LINE - 3, SIZE))
    y += LINE
  }
  return { width, height: y + MARGIN - GAP, places, words }
}

/** Undefined where the image is not in the store any more, or cannot be decoded. */
async function drawTile(
  { tile, x, y, width, height }: Place,
  store: Store,
): Promise<OverlayOptions | undefined> {
  if (!(await store.hasObject(tile.image))) return undefined
  try {
    const input = await sharp(store.objectPath(tile.image))
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .resize(width, height, { fit: 'fill', kernel: width > tile.width ? 'nearest' : 'lanczos3' })
      .toColourspace('srgb')
      .png({ compressionLevel: 0 })
      .toBuffer()
    return { input, left: x, top: y }
  } catch {
    return undefined
  }
}

function missing({ x, y, width, height }: Place): string {
  const words = height >= LINE + 4 ? svgText('not there', x + 4, y + LINE, SIZE) : ''
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${EMPTY}"/>${words}`
}
