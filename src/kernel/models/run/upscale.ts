import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DecodedSamples } from '../../images/decode.ts'
import type { ModelManifest } from '../manifest.ts'
import type { Band } from './bands.ts'
import { bicubicBands } from './bicubic-bands.ts'
import type { Network } from './network.ts'
import { tiledBands } from './tiled-bands.ts'
import { type AxisPlan, planAxis } from './tiles.ts'

export interface TileSettings {
  /** Side of an LR tile; an image of at most this area runs whole. */
  tile: number
  /** LR pixels that neighbouring tiles share. */
  overlap: number
}

export interface TilePlan {
  columns: AxisPlan
  rows: AxisPlan
}

/** Cuts an image for a network. An image with no more pixels than a tile runs whole, whatever its shape. */
export function planTiles(
  { width, height }: { width: number; height: number },
  network: Pick<Network, 'fixed'>,
  manifest: Pick<ModelManifest, 'multiple' | 'minimum'>,
  { tile, overlap }: TileSettings,
): TilePlan {
  const whole = width * height <= tile * tile
  const { multiple, minimum } = manifest
  const axis = (length: number, fixed: number | undefined) =>
    planAxis(length, { tile: whole ? length : tile, overlap, multiple, minimum, fixed })
  return { columns: axis(width, network.fixed.width), rows: axis(height, network.fixed.height) }
}

export function tileCount({ columns, rows }: TilePlan): number {
  return columns.starts.length * rows.starts.length
}

/** Enlarges an image with a network; stops between tiles when `signal` aborts. */
export function networkBands(
  image: DecodedSamples,
  network: Network,
  scale: number,
  plan: TilePlan,
  signal: AbortSignal,
  onTile: () => void,
): AsyncGenerator<Band> {
  const [width, height] = [plan.columns.size, plan.rows.size]
  return tiledBands(image, plan, scale, network.channels, async (x, y) => {
    // A run blocks the thread: only between two runs can a request to stop arrive.
    await nextTurn()
    signal.throwIfAborted()
    const planes = await network.run(image, { x, y, width, height })
    onTile()
    return planes
  })
}

/** Enlarges an image bicubically, as the baseline that adds nothing. */
export async function* interpolatedBands(
  image: DecodedSamples,
  scale: number,
  signal: AbortSignal,
): AsyncGenerator<Band> {
  for (const band of bicubicBands(image, scale)) {
    await nextTurn()
    signal.throwIfAborted()
    yield band
  }
}

/** True for what onnxruntime, CUDA and WebGPU throw when memory runs out. */
export function isOutOfMemory(error: unknown): boolean {
  const text = error instanceof Error ? error.message : String(error)
  return /out of memory|bad_alloc|failed to allocate|bfc_arena|alloc\w* failed|OUT_?OF_?MEMORY|array buffer allocation/i.test(
    text,
  )
}
