import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProviderName } from '../../models/providers.ts'
import { type EngineModel, openEngine } from '../../models/run/engines.ts'
import { SESSIONS } from '../../models/run/session-pool.ts'
import { trialImage } from '../../models/run/trial-image.ts'
import type { JobDefinition } from './definition.ts'

export interface PlacementParams {
  model: EngineModel
  provider: ProviderName
}

/** Where the operators of a model run. */
export interface Placement {
  /** Operators of all graphs, as the runtime has them after its optimisations. */
  operators: number
  /** Those that the CPU computes though another provider was asked for: how many of each type. */
  onCpu: Record<string, number>
}

/** LR side of the image that is run; the model's own minimum where that is larger. */
const SIDE = 16

/**
 * Runs a small image under the runtime's profiler and reads where each operator ran: a provider that lacks an operator
 * leaves it to the CPU without a word. Runs in a process of its own (lane `alone`), since a profiled session stays one.
 */
export const placement: JobDefinition<PlacementParams, Placement> = {
  async run({ model, provider }, { signal }) {
    const folder = await mkdtemp(join(tmpdir(), 'mirage-profile-'))
    try {
      SESSIONS.profile(join(folder, 'graph'))
      const engine = await openEngine(model, provider, signal)
      const image = trialImage(SIDE, model.manifest)
      const settings = { tile: image.width, overlap: 0 }
      for await (const _ of engine.enlarge(image, { settings, seed: 0, signal, onProgress() {} }).bands) {
        // Only where it ran is wanted.
      }
      await engine.close()
      await SESSIONS.clear()
      const profiles = (await readdir(folder)).map(name => readFile(join(folder, name), 'utf8'))
      return placementOf(await Promise.all(profiles))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

interface ProfileEvent {
  cat?: string
  name: string
  args?: { op_name?: string; provider?: string }
}

/** Reads profiles of onnxruntime (JSON in Chrome's trace format), one of each graph. */
export function placementOf(profiles: readonly string[]): Placement {
  const placed = profiles.flatMap(profile => {
    const nodes = new Map<string, { type: string; cpu: boolean }>()
    for (const { cat, name, args } of JSON.parse(profile) as ProfileEvent[]) {
      // What the runtime puts between operators, to copy from one memory to the other, is none of the model's.
      if (cat !== 'Node' || !args?.op_name || !args.provider || /^Memcpy/.test(args.op_name)) continue
      // A node has several events, and those of every run.
      const node = name.replace(/_(kernel_time|fence_before|fence_after)$/, '')
      nodes.set(node, { type: args.op_name, cpu: args.provider === 'CPUExecutionProvider' })
    }
    return [...nodes.values()]
  })
  const onCpu: Record<string, number> = {}
  for (const { type, cpu } of placed) if (cpu) onCpu[type] = (onCpu[type] ?? 0) + 1
  return { operators: placed.length, onCpu }
}
