import type { Pixels, Plane } from '../images/pixels.ts'

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
