import { MirageError } from '../../errors.ts'
import { networkMemory } from '../../models/network-memory.ts'
import type { ProviderName } from '../../models/providers.ts'
import type { ResolvedModel } from '../../models/resolve.ts'
import type { TileSettings } from '../../models/run/engine.ts'
import { TILE_MEMORY, tileFor } from '../../models/run/tile-size.ts'
import type { StepContext, StepEvent } from '../../step.ts'
import type { Params } from './params.ts'
import type { Source } from './rows.ts'

/** Tile of a model of which nothing is known or measured. */
const UNKNOWN = 256
/** LR images of up to this many pixels run whole, and nothing is measured for them. */
const SMALL = 128 * 128

/**
 * Tile and overlap for one model: those asked for, the model's own, or the largest tile that fits into the memory.
 *
 * @throws MirageError `overlap-too-large`
 */
export async function* tiling(
  model: ResolvedModel,
  sources: Source[],
  provider: ProviderName,
  values: Params,
  context: StepContext,
): AsyncGenerator<StepEvent, TileSettings, unknown> {
  const { manifest } = model
  const tile = values.tile ?? (yield* tileOf(model, sources, provider, values.memory, context))
  if (values.overlap === undefined) return { tile, overlap: Math.min(manifest.overlap, Math.floor(tile / 2)) }
  if (values.overlap < tile) return { tile, overlap: values.overlap }
  throw new MirageError({
    code: 'overlap-too-large',
    message: `An overlap of ${values.overlap} leaves nothing of a tile of ${tile}.`,
    remedy: `Make \`overlap\` smaller than \`tile\`; ${manifest.id} suggests ${manifest.overlap}.`,
  })
}

async function* tileOf(
  { method, manifest, path, sha256, data }: ResolvedModel,
  sources: Source[],
  provider: ProviderName,
  gigabytes: number | undefined,
  context: StepContext,
): AsyncGenerator<StepEvent, number, unknown> {
  const own = manifest.tile ?? UNKNOWN
  const decided = gigabytes === undefined && manifest.tile !== undefined
  if (decided || path === null || sources.every(({ lr }) => lr.width * lr.height <= SMALL)) return own
  yield { type: 'progress', done: 0, total: 1, label: `${method}: measuring its memory` }
  const file = { path, sha256, ...(data && { data }) }
  const memory = await networkMemory({ file, manifest, provider }, context)
  if (memory === null) return own
  const tile = tileFor(memory.perPixel, gigabytes === undefined ? TILE_MEMORY : gigabytes * 1e9)
  const kilobytes = (memory.perPixel / 1000).toPrecision(2)
  yield {
    type: 'note',
    text: `${method}: tiles of ${tile} px, because the network takes ${kilobytes} kB for each LR pixel.`,
  }
  return tile
}
