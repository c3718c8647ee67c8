/** Where a whole picture lies on a canvas, in the canvas's own pixels. */
export interface Placement {
  x: number
  y: number
  width: number
  height: number
}

type Context2D = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

/** Decoded pixels that can be drawn at any scale. Whoever made it closes it. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** Memory held, in bytes. */
  readonly bytes: number
  /** Draws the part that is visible. Scaling down is always smooth; scaling up shows pixels unless `smooth`. */
  paint(context: Context2D, place: Placement, smooth: boolean): void
  /** Exact 8-bit RGBA values of a rectangle in picture pixels, which must lie inside. */
  read(x: number, y: number, width: number, height: number): ImageData
  close(): void
}

interface Tile {
  /** The part that this tile is responsible for, in level pixels. */
  x: number
  y: number
  width: number
  height: number
  /** Where its bitmap begins: one pixel earlier where a neighbour follows, so that smoothing has no seams. */
  left: number
  top: number
  bitmap: ImageBitmap
}

interface Level {
  width: number
  height: number
  tiles: Tile[]
}

/** Longest side that is kept in one piece; safely under the texture limits of graphics drivers. */
const WHOLE = 4096
const TILE = 2048
/** A decoded image above this many pixels would take over a gigabyte. */
export const MAX_PIXELS = 16384 * 16384

/**
 * Decodes an encoded image as its file says: no colour conversion, so that pixel values are those of the file.
 * @throws Error that names the reason when it is no image or too large.
 */
export async function decodePicture(blob: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' }).catch(() => {
    throw new Error('The image could not be decoded.')
  })
  return pictureFrom(bitmap)
}

/** A picture of this bitmap, which it owns from here on, with halved copies for scaling down. */
export async function pictureFrom(bitmap: ImageBitmap): Promise<Picture> {
  const { width, height } = bitmap
  if (width * height > MAX_PIXELS) {
    bitmap.close()
    throw new Error(`The image is too large to be shown (${width} x ${height}).`)
  }
  const levels: Level[] = []
  let whole: ImageBitmap | undefined = bitmap
  while (whole) {
    const smaller: ImageBitmap | undefined =
      Math.max(whole.width, whole.height) > 512 ? await halve(whole) : undefined
    levels.push(await cut(whole))
    whole = smaller
  }
  const bytes = levels.reduce((sum, level) => sum + level.width * level.height * 4, 0)
  return {
    width,
    height,
    bytes,
    paint: (context, place, smooth) => paintLevels(levels, context, place, smooth),
    read: (x, y, w, h) => readLevel(levels[0], x, y, w, h),
    close() {
      for (const level of levels) for (const tile of level.tiles) tile.bitmap.close()
      levels.length = 0
    },
  }
}

function halve(bitmap: ImageBitmap): Promise<ImageBitmap> {
  return createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.ceil(bitmap.width / 2)),
    resizeHeight: Math.max(1, Math.ceil(bitmap.height / 2)),
    resizeQuality: 'medium',
  })
}

async function cut(bitmap: ImageBitmap): Promise<Level> {
  const { width, height } = bitmap
  if (Math.max(width, height) <= WHOLE) {
    return { width, height, tiles: [{ x: 0, y: 0, width, height, left: 0, top: 0, bitmap }] }
  }
  const tiles: Tile[] = []
  for (let y = 0; y < height; y += TILE) {
    for (let x = 0; x < width; x += TILE) {
      const left = Math.max(0, x - 1)
      const top = Math.max(0, y - 1)
      const right = Math.min(width, x + TILE + 1)
      const bottom = Math.min(height, y + TILE + 1)
      const piece = await createImageBitmap(bitmap, left, top, right - left, bottom - top)
      const core = { width: Math.min(TILE, width - x), height: Math.min(TILE, height - y) }
      tiles.push({ x, y, ...core, left, top, bitmap: piece })
    }
  }
  bitmap.close()
  return { width, height, tiles }
}

function paintLevels(levels: Level[], context: Context2D, place: Placement, smooth: boolean): void {
  const base = levels[0]
  if (!base) return
  const scale = Math.max(place.width / base.width, place.height / base.height)
  const level = levels[Math.max(0, Math.min(levels.length - 1, Math.floor(-Math.log2(scale))))]
  const sx = place.width / level.width
  const sy = place.height / level.height
  const { width, height } = context.canvas
  context.imageSmoothingEnabled = smooth || scale < 1
  if (level.tiles.length === 1) {
    // Whole: what lies outside of the canvas costs nothing, and cutting it off here would blur the cut.
    context.drawImage(level.tiles[0].bitmap, place.x, place.y, place.width, place.height)
    return
  }
  for (const tile of level.tiles) {
    // Edges on whole canvas pixels, so that each canvas pixel belongs to one tile.
    const x0 = Math.round(place.x + tile.x * sx)
    const y0 = Math.round(place.y + tile.y * sy)
    const x1 = Math.round(place.x + (tile.x + tile.width) * sx)
    const y1 = Math.round(place.y + (tile.y + tile.height) * sy)
    if (x1 <= 0 || y1 <= 0 || x0 >= width || y0 >= height) continue
    context.save()
    context.beginPath()
    context.rect(x0, y0, x1 - x0, y1 - y0)
    context.clip()
    const { bitmap, left, top } = tile
    const x = place.x + left * sx
    const y = place.y + top * sy
    context.drawImage(bitmap, x, y, bitmap.width * sx, bitmap.height * sy)
    context.restore()
  }
}

function readLevel(level: Level | undefined, x: number, y: number, width: number, height: number): ImageData {
  if (!level) throw new Error('The picture was closed.')
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
  context.imageSmoothingEnabled = false
  for (const { bitmap, left, top } of level.tiles) context.drawImage(bitmap, left - x, top - y)
  return context.getImageData(0, 0, width, height)
}
