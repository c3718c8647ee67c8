import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ADAPTERS, type AdapterDefinition } from '../autodiff/adapters/index.ts'
import { foldConstants } from '../autodiff/constants.ts'
import { layoutOf, pack, unpack } from '../autodiff/layout.ts'
import { lossOf } from '../autodiff/losses/index.ts'
import {
  advanceGraph,
  encoderGraph,
  endingGraph,
  judgingGraph,
  latentDims,
  type SampledSpec,
} from '../autodiff/sampling/graphs.ts'
import { passageOf } from '../autodiff/sampling/strategies.ts'
import { initialState, type UpdateSpec } from '../autodiff/update.ts'
import { type LinearStep, linearSteps } from '../models/diffusion/coefficients.ts'
import { normalStream } from '../models/diffusion/noise.ts'
import type { Tensor } from '../onnx/graph.ts'
import { readGraph } from '../onnx/read.ts'
import { createRng } from '../stats/resampling/rng.ts'
import { hashOf } from '../store/canonical.ts'
import { readNetworks } from './feature-networks.ts'
import { cached, graphKey } from './graph-cache.ts'
import { ofParts } from './parts.ts'
import { randomAt } from './plan.ts'
import type { Program } from './sessions.ts'
import { openPlain, openStep, type PlainSession, type StepSession, type Vectors } from './sessions.ts'
import { countingTerms, type SamplingSettings, type TrainSettings, type WeightedTerm } from './settings.ts'

/** Raised whenever the same settings would give another graph. */
const VERSION = 1

/**
 * The program of a training through sampling. Images pass one at a time: LR is encoded, the steps before the gradient are
 * taken by a small graph that is used for all of them, and the rest is one graph for each number of steps that the
 * gradient goes through.
 */
export async function openSampled(
  settings: TrainSettings,
  sampling: SamplingSettings,
  folder: string,
): Promise<Program> {
  const { model, adapter, seed, batch, crop, heldCrop, terms, networks, provider } = settings
  const { strategy, pipeline } = sampling
  const denoiser = await graphOf(model.path)
  const definition: AdapterDefinition = ADAPTERS[adapter.name]
  const chosen = definition.settings.parse(adapter.settings ?? {})
  const adapted = definition.apply(denoiser, chosen as never, randomAt(seed, 'weights', 0))
  const layout = layoutOf(adapted.graph, adapted.trained)
  const { prompt, negativePrompt } = pipeline.manifest
  const spec = {
    pipeline: pipeline.manifest,
    encoder: await graphOf(pipeline.encoder.path),
    decoder: await graphOf(pipeline.decoder.path),
    denoiser,
    adapted,
    ...(prompt && { prompt: await embedding(pipeline.prompt!, prompt.dims) }),
    ...(negativePrompt && { negativePrompt: await embedding(pipeline.negativePrompt!, negativePrompt.dims) }),
    networks: await readNetworks(networks),
  }
  const at = (side: number, own: readonly WeightedTerm[]): SampledSpec => ({
    ...spec,
    crop: side,
    terms: own,
  })
  const steps = linearSteps(pipeline.manifest)
  const { renoised } = passageOf(strategy, steps.length, createRng(0))
  const passes = settings.update.accumulate * batch * Math.max(1, renoised)
  const update: UpdateSpec = { ...settings.update, accumulate: passes }
  const initial = initialState(update, pack(layout, adapted.graph))
  const key = hashOf({
    version: VERSION,
    model: [model.sha256, pipeline.manifest],
    adapter: [adapter.name, chosen],
    terms: terms.map(({ loss, settings, weight }) => [loss, settings ?? {}, weight > 0]),
    ...graphKey(settings),
  })
  const file = (kind: string, detail: unknown) => join(folder, `${kind}-${hashOf([key, detail])}.onnx`)
  const kept = provider === 'cpu'

  const theta = { 'state/theta': [layout.count] }
  const sizesAt = (side: number, count: number) => {
    const latent = latentDims(at(side, []))
    const big = side * pipeline.manifest.scale
    return {
      lr: [1, 3, side, side],
      gt: [1, 3, big, big],
      latent,
      before: latent,
      'lr-latent': latent,
      timestep: [count],
      factors: [count, 3],
      draw: [count, ...latent.slice(1)],
    }
  }
  const plain = (kind: string, side: number, build: (spec: SampledSpec) => ReturnType<typeof encoderGraph>) =>
    cached(
      file(kind, { side }),
      kept,
      async () => build(at(side, terms)),
      (graph, optimization, saveTo) =>
        openPlain(graph, { provider, sizes: { ...sizesAt(side, 1), ...theta }, optimization, saveTo }),
    )
  const opened: { end(): Promise<void> }[] = []
  const own = <S extends { end(): Promise<void> }>(session: S): S => {
    opened.push(session)
    return session
  }
  const sampler = async (side: number): Promise<Sampler> => ({
    encode: own(await plain('encode', side, encoderGraph)),
    advance: own(await plain('advance', side, advanceGraph)),
    steps,
    start: pipeline.manifest.start,
  })
  const training = await sampler(crop)
  const looking = heldCrop === crop ? training : await sampler(heldCrop)
  const judge = own(await plain('judge', heldCrop, judgingGraph))
  const counting = countingTerms(settings)
  const ending = async (through: number): Promise<StepSession> =>
    own(
      await cached(
        file('ending', { crop, through, update, segments: settings.segments }),
        kept,
        async () => endingGraph(at(crop, counting), through, update, settings.segments),
        (graph, optimization, saveTo) => {
          const scalars = { weights: [counting.length], rate: [], step: [], apply: [] }
          const slots = Object.keys(initial).map(slot => [`state/${slot}`, [layout.count]] as const)
          const sizes = { ...sizesAt(crop, through), ...scalars, ...Object.fromEntries(slots) }
          return openStep(graph, { provider, sizes, optimization, saveTo })
        },
      ),
    )

  const needsBefore = terms.some(({ loss, settings }) => {
    const { needs, settings: schema } = lossOf(loss)
    return needs(schema.parse(settings ?? {})).includes('before')
  })
  return {
    step: stepThrough(settings, sampling, training, passes, ending),
    evaluation: evaluationOf(looking, judge, seed, needsBefore ? initial.theta : undefined),
    initial,
    heldCrop,
    merged: vector => adapted.merge(unpack(layout, vector)),
    tensors: vector => unpack(layout, vector),
    end: async () => {
      for (const session of opened.splice(0)) await session.end()
    },
  }
}

interface Sampler {
  encode: PlainSession
  advance: PlainSession
  steps: readonly LinearStep[]
  start: SamplingSettings['pipeline']['manifest']['start']
}

/** The latent that a sampling begins with. */
function startOf({ steps, start }: Sampler, lr: Float32Array, draw: () => number): Float32Array {
  if (start === 'lr') return lr
  const { signal, noise } = start === 'noise' ? { signal: 0, noise: 1 } : steps[0].level
  return lr.map(value => signal * value + noise * draw())
}

const noiseFor = (like: Float32Array, { next }: LinearStep, draw: () => number): Float32Array =>
  next[2] === 0 ? new Float32Array(like.length) : like.map(draw)

/** Takes steps without a gradient. */
async function advance(
  { advance, steps }: Sampler,
  latent: Float32Array,
  lr: Float32Array,
  theta: Float32Array,
  [from, to]: [number, number],
  draw: () => number,
): Promise<Float32Array> {
  let now = latent
  for (const step of steps.slice(from, to)) {
    const { next } = await advance.run({
      'state/theta': theta,
      latent: now,
      'lr-latent': lr,
      timestep: Float32Array.of(step.timestep),
      factors: Float32Array.from(step.next),
      draw: noiseFor(lr, step, draw),
    })
    now = next
  }
  return now
}

/** The steps that a gradient goes through, as the ending graph takes them. */
function endingFeeds(
  steps: readonly LinearStep[],
  { prediction, like, draw }: { prediction: boolean; like: Float32Array; draw: () => number },
): Vectors {
  const noise = steps.map(step => noiseFor(like, step, draw))
  return {
    timestep: Float32Array.from(steps, step => step.timestep),
    factors: Float32Array.from(
      steps.flatMap((step, i) => (prediction && i === steps.length - 1 ? step.clean : step.next)),
    ),
    draw: Float32Array.from(noise.flatMap(values => [...values])),
  }
}

/** A step session that samples for every image of the batch. Everything random follows from the seed and the pass. */
function stepThrough(
  settings: TrainSettings,
  { strategy }: SamplingSettings,
  sampler: Sampler,
  passes: number,
  ending: (through: number) => Promise<StepSession>,
): StepSession {
  const { steps } = sampler
  const sessions = new Map<number, StepSession>()
  let state: Vectors = {}
  /** Holds the state while it runs; without it `state` does. */
  let active: StepSession | undefined
  let theta = new Float32Array()
  /** Images since the last update. */
  let seen = 0
  const sessionFor = async (through: number) => {
    const known = sessions.get(through) ?? (await ending(through))
    sessions.set(through, known)
    if (active !== known) {
      known.load(active ? await active.state() : state)
      active = known
    }
    return known
  }
  return {
    load(vectors) {
      state = vectors
      theta = Float32Array.from(vectors.theta)
      active = undefined
      seen = 0
    },
    async run({ lr, gt, apply, ...feeds }) {
      const { batch } = settings
      const gathered: Vectors[] = []
      for (let i = 0; i < batch; i++) {
        const part = (all: Float32Array) =>
          all.slice((i * all.length) / batch, ((i + 1) * all.length) / batch)
        const random = randomAt(settings.seed, 'sample', feeds.step[0] * passes + seen++)
        const draw = normalStream(random.uint32())
        const { free, through, sees, renoised } = passageOf(strategy, steps.length, random)
        const image = part(lr)
        const { 'lr-latent': code } = await sampler.encode.run({ lr: image })
        const begin = startOf(sampler, code, draw)
        const to = renoised > 0 ? steps.length : free
        const reached = await advance(sampler, begin, code, theta, [0, to], draw)
        const { signal, noise } = steps[free].level
        for (let k = 0; k < Math.max(1, renoised); k++) {
          const last = i === batch - 1 && k === Math.max(1, renoised) - 1
          const latent = renoised > 0 ? reached.map(value => signal * value + noise * draw()) : reached
          const own = steps.slice(free, free + through)
          const session = await sessionFor(through)
          const out = await session.run({
            ...feeds,
            ...endingFeeds(own, { prediction: sees === 'prediction', like: code, draw }),
            lr: image,
            gt: part(gt),
            latent,
            'lr-latent': code,
            apply: Float32Array.of(last ? apply[0] : 0),
          })
          gathered.push(out)
        }
      }
      if (apply[0] > 0) {
        theta = Float32Array.from((await active!.state()).theta)
        seen = 0
      }
      return ofParts(gathered)
    },
    state: () => (active ? active.state() : Promise.resolve(state)),
    // Sessions belong to the program, which ends them.
    end: async () => {},
  }
}

/** Samples a held-out image with the same noise every time, and measures it. */
function evaluationOf(
  sampler: Sampler,
  judge: PlainSession,
  seed: number,
  untuned: Float32Array | undefined,
): PlainSession {
  const first = new Map<string, Float32Array>()
  const sample = async (lr: Float32Array, theta: Float32Array) => {
    const draw = normalStream(seed)
    const { 'lr-latent': code } = await sampler.encode.run({ lr })
    return advance(sampler, startOf(sampler, code, draw), code, theta, [0, sampler.steps.length], draw)
  }
  return {
    async run({ lr, gt, 'state/theta': theta }) {
      const latent = await sample(lr, theta)
      const key = createHash('sha256')
        .update(new Uint8Array(lr.buffer, lr.byteOffset, lr.byteLength))
        .digest('hex')
      if (untuned && !first.has(key)) first.set(key, await sample(lr, untuned))
      return judge.run({ lr, gt, latent, before: first.get(key) ?? latent, 'state/theta': theta })
    },
    end: async () => {},
  }
}

const graphOf = async (path: string) => foldConstants(readGraph(await readFile(path)))

async function embedding(path: string, dims: number[]): Promise<Tensor> {
  const bytes = new Uint8Array(await readFile(path))
  return { type: 'float32', dims, data: new Float32Array(bytes.buffer) }
}
