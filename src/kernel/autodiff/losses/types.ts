import type { z } from 'zod'
import type { ChannelWeights, NetworkManifest } from '../../metrics/features/network.ts'
import type { Graph } from '../../onnx/graph.ts'
import type { Value } from '../tape.ts'

/** Images that a loss compares: batch x 3 x height x width, RGB, 0..1 (SR may leave that range). */
export type Role = 'sr' | 'gt' | 'lr' | 'before'

/** A frozen network whose outputs are compared. */
export interface FeatureNetwork {
  manifest: NetworkManifest
  /** Its constants folded. */
  graph: Graph
  channelWeights?: ChannelWeights
}

/** What a loss is made from. Asking for an image that the training does not have throws. */
export interface LossContext {
  image(role: Role): Value
  /** SR side over LR side. */
  scale: number
  /** A network by the name it was given in the training. */
  network(name: string): FeatureNetwork
  /** The trained numbers, and those before training: vectors. */
  theta: Value
  initial: Value
}

/** A term of the objective. All are distances: 0 at best, smaller is better. */
export interface LossDefinition<Schema extends z.ZodType = z.ZodType> {
  name: string
  summary: string
  settings: Schema
  /** What it needs beside SR. */
  needs(settings: z.output<Schema>): readonly Exclude<Role, 'sr'>[]
  source: string
  /** Records the loss, a scalar. */
  build(context: LossContext, settings: z.output<Schema>): Value
}

export function defineLoss<Schema extends z.ZodType>(
  definition: LossDefinition<Schema>,
): LossDefinition<Schema> {
  return definition
}
