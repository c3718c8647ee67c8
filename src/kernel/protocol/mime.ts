/**
 * What renderers are given: the payload types of Mirage's MIME types, and the messages by which a renderer asks its
 * host for pixels. This is the only module of the kernel that renderers import.
 */

export const MIME = {
  compare: 'application/vnd.mirage.compare+json',
  gallery: 'application/vnd.mirage.gallery+json',
  chart: 'application/vnd.mirage.chart+json',
  table: 'application/vnd.mirage.table+json',
  training: 'application/vnd.mirage.training+json',
  rate: 'application/vnd.mirage.rate+json',
} as const

/** An image in the store. `hash` is the sha256 (hex) of the encoded file's bytes. */
export interface ImageRef {
  hash: string
  width: number
  height: number
  /** Encoded media type, such as `image/png`. */
  mime: string
  /** A smaller copy (longest side at most 256 px) for grids and hovers. */
  thumb?: string
  /** File name it was read from, relative to the study. */
  name?: string
}

export type Direction = 'higher' | 'lower' | 'none'

/** What a column of numbers means; shown wherever its values are. */
export interface ColumnInfo {
  name: string
  label?: string
  unit?: string
  /** Which way is better; `none` where neither is. */
  direction: Direction
  range?: [number | null, number | null]
  /** Everything that changes the value: colour space, border crop, rounding, weights ... */
  settings: Record<string, unknown>
  version: string
  /** Paper or official code that defines it. */
  source: string
}

export type Scalar = number | string | boolean | null

/** One thing a judge says was invented. `box` is [x0, y0, x1, y1] in 0..1 of the SR image. */
export interface Finding {
  what: string
  where?: string
  kind?: string
  severity?: number
  box?: [number, number, number, number]
}

/** A map over the image (hallucination, unexplained detail ...): an 8-bit grey image whose 0 and 255 mean `range`. */
export interface Overlay {
  name: string
  label: string
  image: ImageRef
  range: [number, number]
  /** Which way is better; what is bad is drawn. `none` or nothing: what is large is drawn. */
  direction?: Direction
  settings: Record<string, unknown>
}

export interface CompareImage {
  role: 'lr' | 'gt' | 'sr'
  /** What to call it: `LR`, `GT` or the method's name. */
  label: string
  method?: string
  image: ImageRef
  values: Record<string, Scalar>
  overlays?: Overlay[]
  findings?: Finding[]
}

export interface CompareTriplet {
  id: string
  /** LR to SR side ratio. */
  scale?: number
  images: CompareImage[]
}

export interface ComparePayload {
  columns: ColumnInfo[]
  triplets: CompareTriplet[]
}

export interface GalleryRow {
  id: string
  method: string | null
  /** Left out where a triplet has the image of this id and method; so are the values. */
  image?: ImageRef
  values?: Record<string, Scalar>
  tags?: string[]
}

export interface GalleryPayload {
  columns: ColumnInfo[]
  rows: GalleryRow[]
  /** Triplets by image id, so that a tile opens in the comparison. */
  triplets: CompareTriplet[]
}

export interface TablePayload {
  caption?: string
  columns: ColumnInfo[]
  /** One record per row; `id` and `method` (and any other key) come before the columns. */
  keys: string[]
  rows: Record<string, Scalar>[]
  /** Said under the table: how it was computed, what is missing. */
  notes?: string[]
}

/**
 * A Vega-Lite v6 specification with inline data. Data rows that stand for images carry `_row`, an index into `links`.
 */
export interface ChartPayload {
  spec: Record<string, unknown>
  title: string
  /** Read by screen readers and shown where the chart can't be. */
  description: string
  links?: ChartLink[]
  /** Triplets of the linked rows, so that a selected point opens in the comparison. */
  triplets?: CompareTriplet[]
  /** Columns of the triplets' values. */
  columns?: ColumnInfo[]
  /**
   * Charts behind the marks of this one (a cell of the correlation matrix opens a scatter), by `_chart` of the datum.
   * They use this chart's links and triplets.
   */
  details?: Record<string, ChartPayload>
}

export interface ChartLink {
  id: string
  method: string | null
  thumb?: string
}

export interface TrainingPoint {
  step: number
  /** Loss, each reward term, each guard, learning rate, by name. */
  values: Record<string, number>
}

export interface TrainingPayload {
  /** Names the run to pause or stop. */
  run: string
  state: 'running' | 'paused' | 'stopped' | 'done' | 'failed'
  totalSteps: number
  series: {
    name: string
    label: string
    group: 'loss' | 'reward' | 'guard' | 'schedule'
    direction: Direction
  }[]
  points: TrainingPoint[]
  /** Sample grid: for each tracked image its output at the steps when it was drawn. */
  samples: {
    id: string
    lr: ImageRef
    gt?: ImageRef
    before?: ImageRef
    at: { step: number; image: ImageRef }[]
  }[]
  secondsLeft?: number
  message?: string
}

/** Pairs to be rated blind: nothing here says by which method a result was made, or which pairs are traps. */
export interface RatePayload {
  /** Names the study of ratings, in requests. */
  session: string
  question: string
  /** What each rating means, from 1 up. */
  labels: string[]
  /** In no order that tells anything; each rater gets an order of their own. */
  pairs: RatePair[]
}

export interface RatePair {
  key: string
  references: { label: string; image: ImageRef }[]
  result: ImageRef
}

/** Renderer -> host. */
export type RendererRequest =
  /** Bytes of a stored object; answered by `object` or `failed` with the same `request`. */
  | { type: 'load'; request: number; hash: string }
  /** Copy to the clipboard is done by the renderer; saving a file is asked of the host; answered by `saved`. */
  | { type: 'save'; request: number; suggestedName: string; mime: string; base64: string }
  | { type: 'training'; run: string; action: 'pause' | 'resume' | 'stop' }
  /** Writes all tags of a row into the cell that shows it; answered by `saved` or `failed`. */
  | { type: 'tag'; request: number; cell: string; id: string; method: string | null; tags: string[] }
  /** Keeps an answer, where there is one, and asks for all that this rater gave; answered by `rated` or `failed`. */
  | { type: 'rate'; request: number; session: string; rater: string; answer?: RateAnswer }

export interface RateAnswer {
  pair: string
  rating: number
  /** From the pair's appearance to the answer. */
  seconds: number
}

/** Host -> renderer. */
export type RendererReply =
  | { type: 'object'; request: number; mime: string; base64: string }
  | { type: 'saved'; request: number }
  /** What a rater has answered, by pair. */
  | { type: 'rated'; request: number; ratings: Record<string, number> }
  | { type: 'failed'; request: number; message: string }
