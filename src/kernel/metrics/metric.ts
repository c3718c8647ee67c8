import type { z } from 'zod'
import type { Pixels, Plane } from '../images/pixels.ts'
import type { Direction } from '../protocol/mime.ts'

/** Images that a metric may need beside SR. */
export type Reference = 'gt' | 'lr'

/** An image to measure, with what several metrics derive from it. */
export interface MetricImage {
  /** Store hash; identifies the pixels in caches. */
  readonly hash: string
  /** sRGB, 0..1. */
  readonly pixels: Pixels
  /** BT.601 studio luma, 16..235, not rounded. */
  luma(): Plane
  /** The same, rounded to integers. */
  roundedLuma(): Plane
}

/** The images of one row. GT has the size of SR; LR is smaller by the scale. */
export interface MetricImages {
  readonly sr: MetricImage
  readonly gt?: MetricImage
  readonly lr?: MetricImage
  /** LR enlarged to the size of SR by bicubic; only where there is an LR. */
  enlargedLr(): MetricImage
  /** A derived value that several metrics share, made once. */
  shared<T>(key: string, make: () => T): T
}

/** A value per pixel of SR. */
export interface MetricMap {
  plane: Plane
  /** Values that the two ends of an 8-bit overlay stand for. */
  range: [number, number]
}

export interface Measurement {
  /** Null where the metric is not defined for these images; `why` says so. */
  value: number | null
  why?: string
  map?: MetricMap
}

/** What a metric can ask of the process that measures. */
export interface MetricServices {
  /** Values of a network's taps for an image; cached by content. */
  features(network: FeatureNetwork, image: MetricImage): Promise<Feature[]>
}

/** A network with named taps, by name and the checksum of its weights. */
export interface FeatureNetwork {
  readonly name: string
}

/** One tap: `channels` values at each of `height` x `width` places, channel by channel (CHW). */
export interface Feature {
  tap: string
  channels: number
  height: number
  width: number
  data: Float32Array
}

export interface MetricDefinition<Schema extends z.ZodType = z.ZodType> {
  /** The word in `use:`; also the column, unless `as` names another. */
  name: string
  label: string
  /** One line, shown on hover and in the documentation. */
  summary: string
  direction: Direction
  range: [number | null, number | null]
  unit?: string
  /** Everything that changes the value, with defaults for all of it. */
  settings: Schema
  /** Raised whenever the same images and settings would give another value. */
  version: string
  /** Paper or official code that defines it. */
  source: string
  needs(settings: z.output<Schema>): readonly Reference[]
  measure(
    images: MetricImages,
    settings: z.output<Schema>,
    services: MetricServices,
  ): Measurement | Promise<Measurement>
}

/** Keeps the type of the settings inside the row while the registry holds rows of all kinds. */
export function defineMetric<Schema extends z.ZodType>(metric: MetricDefinition<Schema>): MetricDefinition {
  return metric as unknown as MetricDefinition
}
