import type {
  ChartPayload,
  ComparePayload,
  CompareTriplet,
  GalleryPayload,
  ImageRef,
} from '../protocol/mime.ts'
import { MIME, type TrainingPayload } from '../protocol/mime.ts'
import { trainingChart } from './training-chart.ts'

/** What a still picture of an output is drawn from: a chart, or images on a sheet. */
export type PictureRecipe = ChartRecipe | SheetRecipe

export interface ChartRecipe {
  kind: 'chart'
  /** Vega-Lite. */
  spec: Record<string, unknown>
}

export interface SheetRecipe {
  kind: 'sheet'
  /** Words above the columns; none where each image has its own. */
  heads?: string[]
  rows: SheetRow[]
  /** Number of images in a row. */
  columns: number
  /** Wished width of an image in pixels; a sheet that weighs too much is drawn smaller. */
  side: number
  /** What the sheet leaves out. */
  note?: string
}

export interface SheetRow {
  /** Words above the row. */
  title?: string
  /** Null leaves a place empty. */
  tiles: (SheetTile | null)[]
}

export interface SheetTile {
  /** Store hash of the encoded image. */
  image: string
  width: number
  height: number
  /** Words under it, each on a line of its own. */
  labels?: string[]
}

/** By MIME type, how its payload is drawn without its renderer; undefined where there is nothing to see. */
const RECIPES: { [mime: string]: (payload: never) => PictureRecipe | undefined } = {
  [MIME.chart]: ({ spec }: ChartPayload) => ({ kind: 'chart', spec }),
  [MIME.compare]: compareSheet,
  [MIME.gallery]: gallerySheet,
  [MIME.training]: (payload: TrainingPayload) => {
    const spec = trainingChart(payload)
    return spec && { kind: 'chart', spec }
  },
}

/** The recipe for a payload; undefined for what is words and numbers (a table has its text). */
export function recipeOf(mime: string, payload: unknown): PictureRecipe | undefined {
  return RECIPES[mime]?.(payload as never)
}

const COMPARED_TRIPLETS = 3
const COMPARED_IMAGES = 6
const COMPARE_SIDE = 176

/** A row per triplet: LR, GT and the results of the methods, each in its column. */
function compareSheet({ triplets }: ComparePayload): SheetRecipe | undefined {
  const shown = triplets.slice(0, COMPARED_TRIPLETS)
  const labels = [...new Set(shown.flatMap(({ images }) => images.map(({ label }) => label)))]
  const heads = labels.slice(0, COMPARED_IMAGES)
  if (heads.length === 0) return undefined
  const tileOf = ({ images }: CompareTriplet, head: string) => {
    const found = images.find(({ label }) => label === head)
    return found ? tile(found.image, { whole: true }) : null
  }
  const left = [
    ...(triplets.length > shown.length ? [`first ${shown.length} of ${triplets.length} images`] : []),
    ...(labels.length > heads.length ? [`not shown: ${labels.slice(COMPARED_IMAGES).join(', ')}`] : []),
  ]
  return {
    kind: 'sheet',
    heads,
    columns: heads.length,
    side: COMPARE_SIDE,
    rows: shown.map(triplet => ({ title: triplet.id, tiles: heads.map(head => tileOf(triplet, head)) })),
    ...(left.length > 0 && { note: left.join('; ') }),
  }
}

const GALLERY_TILES = 24
const GALLERY_COLUMNS = 6
const GALLERY_SIDE = 128

/** The first tiles of the gallery as it stands without a filter. */
function gallerySheet({ rows, triplets }: GalleryPayload): SheetRecipe | undefined {
  const byId = new Map(triplets.map(triplet => [triplet.id, triplet]))
  const tiles = rows.slice(0, GALLERY_TILES).map(({ id, method, image }) => {
    const own = image ?? byId.get(id)?.images.find(each => each.method === method)?.image
    return own ? { ...tile(own, { whole: false }), labels: method === null ? [id] : [id, method] } : null
  })
  if (tiles.every(each => each === null)) return undefined
  return {
    kind: 'sheet',
    columns: Math.min(GALLERY_COLUMNS, tiles.length),
    side: GALLERY_SIDE,
    rows: Array.from({ length: Math.ceil(tiles.length / GALLERY_COLUMNS) }, (_, row) => ({
      tiles: tiles.slice(row * GALLERY_COLUMNS, (row + 1) * GALLERY_COLUMNS),
    })),
    ...(rows.length > tiles.length && { note: `first ${tiles.length} of ${rows.length}` }),
  }
}

/** Decoding larger ones for a small picture takes longer than it is worth. */
const LONGEST_WHOLE_SIDE = 2048

/** @param options.whole the image itself, not its thumbnail (a JPEG), where it is not too large */
function tile({ hash, thumb, width, height }: ImageRef, options: { whole: boolean }): SheetTile {
  const own = options.whole && Math.max(width, height) <= LONGEST_WHOLE_SIDE
  return { image: own ? hash : (thumb ?? hash), width, height }
}
