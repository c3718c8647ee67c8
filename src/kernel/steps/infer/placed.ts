import type { Placement } from '../../compute/jobs/placement.ts'
import { PROVIDERS, type ProviderName } from '../../models/providers.ts'

/** Where a model's operators ran, or why that is not known. */
export type Placed = { provider: ProviderName } & (Placement | { unknown: string })

/** @returns `whole`: everything ran on the provider */
export function describePlaced(placed: Placed): { whole: boolean; text: string } {
  const { label } = PROVIDERS[placed.provider]
  if ('unknown' in placed) {
    return {
      whole: false,
      text: `which operators ${label} leaves to the CPU is not known (${placed.unknown})`,
    }
  }
  const { operators, onCpu } = placed
  const types = Object.entries(onCpu).sort(([, a], [, b]) => b - a)
  if (types.length === 0) return { whole: true, text: `all ${operators} operators run on ${label}` }
  const count = types.reduce((sum, [, n]) => sum + n, 0)
  const list = types.map(([type, n]) => (n > 1 ? `${type} (${n})` : type)).join(', ')
  return {
    whole: false,
    text: `${count} of ${operators} operators run on the CPU, because ${label} leaves them there: ${list}`,
  }
}
