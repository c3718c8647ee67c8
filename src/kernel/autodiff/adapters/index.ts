import { lora } from './lora.ts'
import { all, normsAndBiases } from './selection.ts'
import type { AdapterDefinition } from './types.ts'

export type { Adapted, AdapterDefinition } from './types.ts'

/** Ways to train a network, by the word in `adapter:`. */
export const ADAPTERS = { lora, all, 'norms-and-biases': normsAndBiases } as const satisfies Record<
  string,
  AdapterDefinition
>
export type AdapterName = keyof typeof ADAPTERS
