import type { z } from 'zod'
import type { Plane } from '../images/pixels.ts'
import type { Direction } from '../protocol/mime.ts'
import type { FeatureSource, NetworkRequest } from './features/network.ts'
import type { MetricImage } from './metric-image.ts'

/** Images that a metric may need beside SR. */
export type Reference = 'gt' | 'lr'

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

/** A value per pixel of SR, NaN where a pixel does not count; made only when asked for. */
export interface MetricMap {
  /** Values that the two ends of an 8-bit overlay stand for. */
  range: [number, number]
  plane(): Plane
}

export interface Measurement {
  /** Null where the metric is not defined for these images; `why` says so. */
  value: number | null
  why?: string
  map?: MetricMap
}

export interface MetricDefinition<Schema extends z.ZodObject = z.ZodObject> {
  /** The word in `use:`; also the column, unless `as` names another. */
  name: string
  label: string
  /** One line, shown on hover and in the documentation. */
  summary: string
  direction: Direction
  /** Of its map, where that is another: of a deviation the map shows what deviates. */
  mapDirection?: Direction
  range: [number | null, number | null]
  unit?: string
  /** Everything that changes the value, with defaults for all that can have one. */
  settings: Schema
  /** Raised whenever the same images and settings would give another value. */
  version: string
  /** Paper or official code that defines it. */
  source: string
  needs(settings: z.output<Schema>): readonly Reference[]
  /** The network that the metric measures with, where it does. */
  network?(settings: z.output<Schema>): NetworkRequest
  /** `network` is given where the row asks for one. */
  measure(
    images: MetricImages,
    settings: z.output<Schema>,
    network?: FeatureSource,
  ): Measurement | Promise<Measurement>
}

/** Keeps the type of the settings inside the row while the registry holds rows of all kinds. */
export function defineMetric<Schema extends z.ZodObject>(metric: MetricDefinition<Schema>): MetricDefinition {
  return metric as unknown as MetricDefinition
}

/** The measurement of images that are smaller than a metric needs. */
export function tooSmall({ width, height }: { width: number; height: number }, side: number): Measurement {
  return { value: null, why: `the image is ${width}x${height}; this needs ${side}x${side} at least` }
}
