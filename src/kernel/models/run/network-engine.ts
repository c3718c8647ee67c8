import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ModelManifest } from '../manifest.ts'
import type { ProviderName } from '../providers.ts'
import type { Engine, TileSettings } from './engine.ts'
import { Network } from './network.ts'
import { type ModelFile, SESSIONS } from './session-pool.ts'
import { tiledBands } from './tiled-bands.ts'
import { type AxisPlan, planAxis } from './tiles.ts'

/** Loads a network that maps an LR image to an SR image. */
export async function openNetwork(
  file: ModelFile,
  manifest: ModelManifest,
  provider: ProviderName,
): Promise<Engine> {
  const lease = await SESSIONS.lease(file, provider)
  try {
    return networkEngine(new Network(lease.session, manifest), manifest, () => lease.end())
  } catch (error) {
    await lease.end()
    throw error
  }
}

/** Enlarges tile by tile, the tiles blended without a seam. */
export function networkEngine(
  network: Pick<Network, 'fixed' | 'channels' | 'run'>,
  manifest: ModelManifest,
  close: () => Promise<void>,
): Engine {
  return {
    scale: manifest.scale,
    close,
    enlarge(image, { settings, signal, onProgress }) {
      const plan = planTiles(image, network, manifest, settings)
      const [width, height] = [plan.columns.size, plan.rows.size]
      const tiles = plan.columns.starts.length * plan.rows.starts.length
      let done = 0
      const bands = tiledBands(image, plan, manifest.scale, network.channels, async (x, y) => {
        // A run blocks the thread: only between two runs can a request to stop arrive.
        await nextTurn()
        signal.throwIfAborted()
        const planes = await network.run(image, { x, y, width, height })
        onProgress(++done / tiles)
        return planes
      })
      return { tiles, bands }
    },
  }
}

/** Cuts an image for a network. An image with no more pixels than a tile runs whole, whatever its shape. */
function planTiles(
  { width, height }: { width: number; height: number },
  { fixed }: Pick<Network, 'fixed'>,
  { multiple, minimum }: ModelManifest,
  { tile, overlap }: TileSettings,
): { columns: AxisPlan; rows: AxisPlan } {
  const whole = width * height <= tile * tile
  const axis = (length: number, size: number | undefined) => {
    const most = size ?? (whole ? length : tile)
    return planAxis(length, {
      tile: most,
      overlap: Math.min(overlap, most >> 1),
      multiple,
      minimum,
      fixed: size,
    })
  }
  return { columns: axis(width, fixed.width), rows: axis(height, fixed.height) }
}
