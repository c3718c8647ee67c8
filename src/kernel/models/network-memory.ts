import type { Compute } from '../compute/compute.ts'
import type { NetworkMemory } from '../compute/jobs/measure-memory.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import type { ModelManifest } from './manifest.ts'
import { identityOf } from './model-file.ts'
import type { ProviderName } from './providers.ts'
import type { ModelFile } from './run/session-pool.ts'

/**
 * What a network takes, measured once per model and provider and remembered in the store (space `memory`). Null where it
 * takes one size only.
 */
export async function networkMemory(
  { file, manifest, provider }: { file: ModelFile; manifest: ModelManifest; provider: ProviderName },
  { compute, store, signal }: { compute: Compute; store: Store; signal: AbortSignal },
): Promise<NetworkMemory | null> {
  const { layout, colour, multiple, minimum } = manifest
  const key = hashOf({ version: 1, model: identityOf(file), provider, layout, colour, multiple, minimum })
  const known = await store.getRecord<{ memory: NetworkMemory | null }>('memory', key)
  if (known) return known.memory
  const memory = await compute.run('measure-memory', { file, manifest }, { signal, lane: 'alone' })
  await store.putRecord('memory', key, { memory })
  return memory
}
