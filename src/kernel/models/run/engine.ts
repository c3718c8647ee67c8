import type { DecodedSamples } from '../../images/decode.ts'
import type { Band } from './bands.ts'

export interface TileSettings {
  /** Side of an LR tile; an image of at most this area runs whole. */
  tile: number
  /** LR pixels that neighbouring tiles share. */
  overlap: number
}

export interface EnlargeOptions {
  settings: TileSettings
  /** For engines with noise. */
  seed: number
  /** Checked between tiles and steps. */
  signal: AbortSignal
  /** Part of the image that is done, in 0..1. */
  onProgress(fraction: number): void
}

/** A loaded way to enlarge images. */
export interface Engine {
  scale: number
  enlarge(image: DecodedSamples, options: EnlargeOptions): { tiles: number; bands: AsyncIterable<Band> }
  /** Gives back what it has loaded. */
  close(): Promise<void>
}
