import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ADAPTERS, type Adapted, type AdapterDefinition } from '../autodiff/adapters/index.ts'
import { foldConstants } from '../autodiff/constants.ts'
import { type Layout, layoutOf, pack, unpack } from '../autodiff/layout.ts'
import { evaluationGraph, type StepSpec, stepGraph } from '../autodiff/step-graph.ts'
import { initialState } from '../autodiff/update.ts'
import type { Graph } from '../onnx/graph.ts'
import { readGraph } from '../onnx/read.ts'
import { hashOf } from '../store/canonical.ts'
import { readNetworks } from './feature-networks.ts'
import { cached, graphKey } from './graph-cache.ts'
import { randomAt } from './plan.ts'
import { openSampled } from './sampled-program.ts'
import { openPlain, openStep, type Program } from './sessions.ts'
import { countingTerms, type TrainSettings, type WeightedTerm } from './settings.ts'

/** Raised whenever the same settings would give another graph. */
const VERSION = 1

/**
 * Builds or finds the step graph and the evaluation graph of a training and loads them. Graphs are kept in `folder`,
 * optimised where the provider's optimised form can be saved, so that the next start takes a fraction of the time.
 */
export async function openProgram(settings: TrainSettings, folder: string): Promise<Program> {
  if (settings.sampling) return openSampled(settings, settings.sampling, folder)
  const { model, adapter, update, seed, batch, crop, terms, networks, provider } = settings
  const original = foldConstants(readGraph(await readFile(model.path)))
  const definition: AdapterDefinition = ADAPTERS[adapter.name]
  const chosen = definition.settings.parse(adapter.settings ?? {})
  const adapted = definition.apply(original, chosen as never, randomAt(seed, 'weights', 0))
  const layout = layoutOf(adapted.graph, adapted.trained)
  const { heldCrop } = settings
  const counting = countingTerms(settings)
  const spec = async (terms: WeightedTerm[], images: number, side: number): Promise<StepSpec> => ({
    trainee: { graph: original, manifest: model.manifest },
    adapted,
    terms,
    networks: await readNetworks(networks),
    batch: images,
    crop: side,
  })
  const scale = model.manifest.scale
  const vector = [layout.count]
  const image = (images: number, side: number) => [images, 3, side, side]
  const initial = initialState(update, pack(layout, adapted.graph))
  const stepSizes = {
    lr: image(batch, crop),
    gt: image(batch, crop * scale),
    weights: [counting.length],
    rate: [],
    step: [],
    apply: [],
    ...Object.fromEntries(Object.keys(initial).map(slot => [`state/${slot}`, vector])),
  }
  const heldSizes = { lr: image(1, heldCrop), gt: image(1, heldCrop * scale), 'state/theta': vector }
  const key = hashOf({
    version: VERSION,
    model: [model.sha256, model.manifest],
    adapter: [adapter.name, chosen],
    terms: terms.map(({ loss, settings, weight }) => [loss, settings ?? {}, weight > 0]),
    ...graphKey(settings),
  })
  const cache = (kind: string, detail: unknown) => join(folder, `${kind}-${hashOf([key, detail])}.onnx`)
  const step = await cached(
    cache('step', { batch, crop, update, segments: settings.segments }),
    provider === 'cpu',
    async () => stepGraph(await spec(counting, batch, crop), update, settings.segments).graph,
    (graph, optimization, saveTo) => openStep(graph, { provider, sizes: stepSizes, optimization, saveTo }),
  )
  const evaluation = await cached(
    cache('evaluation', { heldCrop }),
    provider === 'cpu',
    async () => evaluationGraph(await spec(terms, 1, heldCrop)),
    (graph, optimization, saveTo) => openPlain(graph, { provider, sizes: heldSizes, optimization, saveTo }),
  )
  return {
    step,
    evaluation,
    initial,
    heldCrop,
    merged: theta => mergedGraph(adapted, layout, theta),
    tensors: theta => unpack(layout, theta),
    end: async () => {
      await step.end()
      await evaluation.end()
    },
  }
}

function mergedGraph(adapted: Adapted, layout: Layout, theta: Float32Array): Graph {
  return adapted.merge(unpack(layout, theta))
}
