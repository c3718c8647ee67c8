import * as z from 'zod'
import type { Graph } from '../../onnx/graph.ts'
import { type Adapted, defineAdapter } from './types.ts'
import { fits, nothingToTrain, type Weight, weightsOf, withInitializers } from './weights.ts'

const settings = z.strictObject({
  target: z
    .array(z.string())
    .default([])
    .meta({ description: 'Names of nodes or weights to train, * for anything; all by default.' }),
})

/** Trains some of the network's own weights in place. */
function select(graph: Graph, what: string, target: string[], wanted: (weight: Weight) => boolean): Adapted {
  const chosen = weightsOf(graph).filter(w => wanted(w) && (fits(w.node, target) || fits(w.name, target)))
  if (chosen.length === 0) throw nothingToTrain(graph, what, target)
  return {
    graph,
    trained: chosen.map(weight => weight.name),
    merge: values => withInitializers(graph, values),
  }
}

export const all = defineAdapter({
  name: 'all',
  summary: 'Trains every weight of the network.',
  settings,
  source: 'Full fine-tuning',
  apply: (graph, { target }) => select(graph, 'weights', target, () => true),
})

export const normsAndBiases = defineAdapter({
  name: 'norms-and-biases',
  summary: 'Trains the biases, and the scales of normalisations, alone.',
  settings,
  source: 'Ben Zaken, Goldberg, Ravfogel, "BitFit: Simple Parameter-efficient Fine-tuning", 2022',
  apply: (graph, { target }) => select(graph, 'biases or scales', target, weight => weight.role !== 'weight'),
})
