import type { Vectors } from './sessions.ts'

/**
 * What a batch says that was run in parts: the mean of their objectives, and the norm of the last, whose gradient is that
 * of all of them.
 */
export function ofParts(outputs: readonly Vectors[]): Vectors {
  const mean = (name: string) =>
    outputs[0][name].map((_, i) => outputs.reduce((sum, out) => sum + out[name][i], 0) / outputs.length)
  return { loss: mean('loss'), terms: mean('terms'), norm: outputs.at(-1)!.norm }
}
