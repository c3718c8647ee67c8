import { readFile, writeFile } from 'node:fs/promises'
import type { ModelManifest } from '../../models/manifest.ts'
import { Network } from '../../models/run/network.ts'
import { type ModelFile, SESSIONS } from '../../models/run/session-pool.ts'
import { trialImage } from '../../models/run/trial-image.ts'
import type { JobDefinition } from './definition.ts'

export interface MeasureMemoryParams {
  file: ModelFile
  manifest: ModelManifest
}

/** What one run of a network takes. */
export interface NetworkMemory {
  /** Bytes for each LR pixel of a tile: activations, input and output. */
  perPixel: number
  /** Bytes of the loaded network, whatever the tile. */
  base: number
}

/** LR sides that are run. The smaller one is large enough to hide what is taken once. */
const SIDES = [64, 160] as const

/**
 * The memory that a network takes on the CPU, from the peak of two runs of different size. Activations are the same
 * tensors on every provider, so this also estimates a GPU, whose memory the runtime does not tell. Runs in a process of
 * its own (lane `alone`), since a peak is that of a process. Null for a network that takes one size only.
 */
export const measureMemory: JobDefinition<MeasureMemoryParams, NetworkMemory | null> = {
  async run({ file, manifest }) {
    const { session, end } = await SESSIONS.lease(file, 'cpu')
    try {
      const network = new Network(session, manifest)
      if (network.fixed.width !== undefined || network.fixed.height !== undefined) return null
      const loaded = process.memoryUsage.rss()
      const points: { pixels: number; peak: number }[] = []
      for (const side of SIDES) {
        const image = trialImage(side, manifest)
        const { width, height } = image
        await forgetPeak()
        await network.run(image, { x: 0, y: 0, width, height })
        points.push({ pixels: width * height, peak: await peak() })
      }
      const [small, large] = points
      const perPixel = (large.peak - small.peak) / (large.pixels - small.pixels)
      return { perPixel: Math.max(1, Math.round(perPixel)), base: Math.round(Math.max(0, loaded)) }
    } finally {
      await end()
      await SESSIONS.clear()
    }
  },
}

/** On Linux the peak can be begun anew; elsewhere it only grows, which two growing runs need as well. */
async function forgetPeak(): Promise<void> {
  if (process.platform === 'linux') await writeFile('/proc/self/clear_refs', '5').catch(() => {})
}

async function peak(): Promise<number> {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  const status = await readFile('/proc/self/status', 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
