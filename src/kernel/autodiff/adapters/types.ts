import type { z } from 'zod'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import type { Rng } from '../../stats/resampling/rng.ts'

/** A network that is ready to be trained: which of its initializers are variables, and the way back. */
export interface Adapted {
  /** Computes what the original does, until trained. */
  graph: Graph
  /** Names of the initializers that are trained, in the order in which a state vector holds them. */
  trained: string[]
  /** The original network with what was learned put into its own weights. */
  merge(values: ReadonlyMap<string, Tensor>): Graph
}

/** A way to train a network: all of it, parts of it, or something small added to it. */
export interface AdapterDefinition<Schema extends z.ZodType = z.ZodType> {
  name: string
  summary: string
  settings: Schema
  source: string
  /**
   * @param graph a network whose constants are folded
   * @param random for initial values
   * @throws MirageError `nothing-to-train` where nothing of the network fits
   */
  apply(graph: Graph, settings: z.output<Schema>, random: Rng): Adapted
}

export function defineAdapter<Schema extends z.ZodType>(
  definition: AdapterDefinition<Schema>,
): AdapterDefinition<Schema> {
  return definition
}
