import type { Compute } from '../compute/compute.ts'
import type { Placement } from '../compute/jobs/placement.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import { identityOf } from './model-file.ts'
import type { ProviderName } from './providers.ts'
import type { EngineModel } from './run/engines.ts'

/** Where a model's operators run, found out once per model, provider and runtime and remembered in the store. */
export async function placementOn(
  model: EngineModel,
  provider: ProviderName,
  { compute, store, signal }: { compute: Compute; store: Store; signal: AbortSignal },
): Promise<Placement> {
  const packages = compute.packages?.()
  const key = hashOf({ version: 1, model: identityOf(model), provider, packages })
  const known = await store.getRecord<Placement>('placement', key)
  if (known) return known
  const placement = await compute.run('placement', { model, provider }, { signal, lane: 'alone' })
  await store.putRecord('placement', key, placement)
  return placement
}
