import type { DecodedSamples } from '../../images/decode.ts'
import type { ImageRef } from '../../protocol/mime.ts'
import type { Store } from '../../store/store.ts'
import { alphaChannel } from './bicubic-bands.ts'
import { EightBitRows } from './eight-bit.ts'
import type { Engine, TileSettings } from './engine.ts'
import { createImageFile, type ImageFile } from './image-file.ts'
import { isOutOfMemory } from './out-of-memory.ts'

export interface UpscaleOptions {
  store: Store
  engine: Engine
  settings: TileSettings
  seed: number
  signal: AbortSignal
  /** Part of the image that is done, in 0..1; never goes back. */
  onProgress(fraction: number): void
}

export interface UpscaledImage {
  /** Resolves when the PNG is encoded and in the store. */
  stored: Promise<ImageRef>
  facts: { tiles: number; seconds: number; notes: string[] }
}

/**
 * Enlarges one image and begins to store it. Where a tile does not fit into memory, the tile is halved once, and said.
 * Returns when the device is free again; encoding goes on behind `stored`.
 */
export async function upscaleImage(image: DecodedSamples, options: UpscaleOptions): Promise<UpscaledImage> {
  const notes = notesOn(image)
  let { settings } = options
  let reached = 0
  const onProgress = (fraction: number) => {
    reached = Math.max(reached, fraction)
    options.onProgress(reached)
  }
  for (let attempt = 0; ; attempt++) {
    try {
      const started = performance.now()
      const { file, tiles, width, height } = await run(image, { ...options, settings, onProgress })
      const seconds = (performance.now() - started) / 1000
      return { stored: keep(file, width, height), facts: { tiles, seconds, notes } }
    } catch (error) {
      if (attempt > 0 || !isOutOfMemory(error)) throw error
      const longest = Math.max(image.width, image.height)
      const tile = Math.ceil(Math.min(settings.tile, longest) / 2)
      settings = { tile, overlap: Math.min(settings.overlap, Math.floor(tile / 2)) }
      notes.push(`memory did not suffice, so the tile was halved to ${tile} px`)
    }
  }
}

async function run(image: DecodedSamples, { store, engine, ...options }: UpscaleOptions) {
  const { tiles, bands } = engine.enlarge(image, options)
  const eightBit = new EightBitRows(image, engine.scale)
  const { channels } = eightBit
  const [width, height] = [image.width * engine.scale, image.height * engine.scale]
  const file = await createImageFile(store, { width, height, channels })
  try {
    for await (const band of bands) await file.write(eightBit.rows(band))
  } catch (error) {
    await file.abandon()
    throw error
  }
  return { file, tiles, width, height }
}

async function keep(file: ImageFile, width: number, height: number): Promise<ImageRef> {
  try {
    const { hash, thumb } = await file.end()
    return { hash, width, height, mime: 'image/png', thumb }
  } catch (error) {
    await file.abandon()
    throw error
  }
}

function notesOn(image: DecodedSamples): string[] {
  const notes = [...image.converted]
  if (image.max > 255) notes.push('16-bit LR read at full precision, SR written with 8 bits')
  if (alphaChannel(image) !== undefined) notes.push('alpha kept, enlarged bicubically')
  return notes
}
