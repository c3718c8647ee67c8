import { MirageError } from '../../errors.ts'
import type { PipelineManifest } from '../../models/diffusion/pipeline.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import type { Adapted } from '../adapters/index.ts'
import { segmentsOf } from '../checkpoint.ts'
import { gradients } from '../differentiate.ts'
import { inline, TAPE_OPSET } from '../inline.ts'
import { flatten, type Layout, layoutOf, pack, views } from '../layout.ts'
import { bicubic, separable, sharpness } from '../losses/filters.ts'
import type { FeatureNetwork } from '../losses/index.ts'
import { objective, type Term } from '../objective.ts'
import * as o from '../ops.ts'
import { type Call, Tape, type Value } from '../tape.ts'
import { recordUpdate, type UpdateSpec } from '../update.ts'

/** A latent diffusion model whose denoiser is trained. Images pass one at a time. */
export interface SampledSpec {
  pipeline: Pick<PipelineManifest, 'scale' | 'latent' | 'inputs' | 'concatenate' | 'guidance'>
  encoder: Graph
  decoder: Graph
  /** The denoiser before training, and as it is trained. */
  denoiser: Graph
  adapted: Adapted
  /** Prompt embeddings, and those to guide away from. */
  prompt?: Tensor
  negativePrompt?: Tensor
  terms: readonly Term[]
  networks: Readonly<Record<string, FeatureNetwork>>
  /** Side of the LR crop, in pixels. */
  crop: number
}

/** Shape of the latent of one LR crop. @throws MirageError `image-too-small` where the crop is no whole number of latent pixels */
export function latentDims({ pipeline, encoder, crop }: Pick<SampledSpec, 'pipeline' | 'encoder' | 'crop'>) {
  const side = crop * pipeline.scale
  const { downscale } = pipeline.latent
  if (side % downscale !== 0) {
    const unit = downscale / greatestDivisor(downscale, pipeline.scale)
    throw new MirageError({
      code: 'image-too-small',
      message: `A crop of ${crop} gives an SR side of ${side}, which is no multiple of the ${downscale} pixels of a latent pixel.`,
      remedy: `Choose a crop that is a multiple of ${unit}, such as ${Math.ceil(crop / unit) * unit}.`,
    })
  }
  const channels = Number(encoder.outputs[0].dims[1])
  return [1, channels, side / downscale, side / downscale]
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b))

/** `lr` [1, 3, crop, crop] in 0..1 to `lr-latent`: enlarged by bicubic, encoded, scaled. */
export function encoderGraph(spec: SampledSpec): Graph {
  const { pipeline, encoder, crop } = spec
  const tape = new Tape()
  const lr = tape.input('lr', [1, 3, crop, crop])
  const enlarged = separable(
    lr,
    bicubic(size => size * pipeline.scale),
  )
  const encoded = runOne(encoder, o.sub(o.mul(enlarged, 2), 1), 'encoder/')
  return tape.graph('encode', { 'lr-latent': o.mul(encoded, pipeline.latent.scaling) }, TAPE_OPSET)
}

/**
 * One step of the sampling without a gradient: `state/theta`, `latent`, `lr-latent`, `timestep` [1], `factors` [3] (of
 * the latent, the denoiser's output and the noise) and `draw` (noise) in; `next` out.
 */
export function advanceGraph(spec: SampledSpec): Graph {
  const tape = new Tape()
  const { weights } = trained(tape, spec)
  const steps = stepInputs(tape, spec, 1)
  const latent = tape.input('latent', latentDims(spec))
  const next = walk(latent, steps, spec, spec.adapted.graph, weights, '')
  return tape.graph('advance', { next }, TAPE_OPSET)
}

/**
 * The steps that a gradient goes through, the decoder, the objective and the update in one graph. Beside the inputs and
 * outputs of a step graph (`stepGraph`, batch 1) it takes `latent`, `lr-latent`, `timestep` [through], `factors`
 * [through, 3] and `draw` [through, channels, height, width]. What came before `latent` is no part of the graph: that is
 * the stop of the gradient.
 */
export function endingGraph(spec: SampledSpec, through: number, update: UpdateSpec, segments = 1): Graph {
  const tape = new Tape()
  const { layout, theta, weights } = trained(tape, spec)
  const steps = stepInputs(tape, spec, through)
  const latent = tape.input('latent', latentDims(spec))
  const first = tape.calls.length
  const sr = decoded(walk(latent, steps, spec, spec.adapted.graph, weights, ''), spec)
  const calls: Call[] = tape.calls.slice(first)
  const before = () => decoded(walk(latent, steps, spec, spec.denoiser, new Map(), 'before/'), spec)
  const terms = flatten(record(tape, spec, layout, theta, sr, before))
  const loss = o.sumOf(o.mul(terms, tape.input('weights', terms.dims)))
  const variables = [...weights.values()]
  const [direct, ...parts] = gradients(loss, [theta, ...variables], { segments: segmentsOf(calls, segments) })
  const through_ = flatten(parts.map((part, i) => part ?? o.zeros(variables[i])))
  const { next, norm } = recordUpdate(tape, update, theta, direct ? o.add(through_, direct) : through_)
  const outputs = Object.fromEntries(Object.entries(next).map(([slot, value]) => [`next/${slot}`, value]))
  return tape.graph('ending', { loss, terms, norm, ...outputs }, TAPE_OPSET)
}

/**
 * What a finished sample is worth: `state/theta`, `latent` (the sample), `before` (that of the untuned denoiser), `lr` and
 * `gt` in; `sr`, `terms` and `sharpness` [1] out.
 */
export function judgingGraph(spec: SampledSpec): Graph {
  const tape = new Tape()
  const { layout, theta } = trained(tape, spec)
  const dims = latentDims(spec)
  const sr = decoded(tape.input('latent', dims), spec)
  const untuned = tape.input('before', dims)
  const values = record(tape, spec, layout, theta, sr, () => decoded(untuned, spec))
  return tape.graph('judge', { sr, terms: flatten(values), sharpness: sharpness(sr) }, TAPE_OPSET)
}

function trained(tape: Tape, { adapted }: SampledSpec) {
  const layout = layoutOf(adapted.graph, adapted.trained)
  const theta = tape.input('state/theta', [layout.count])
  return { layout, theta, weights: views(layout, theta) }
}

function record(
  tape: Tape,
  spec: SampledSpec,
  layout: Layout,
  theta: Value,
  sr: Value,
  before: () => Value,
): Value[] {
  const { pipeline, terms, networks, crop, adapted } = spec
  const { scale } = pipeline
  const lr = tape.input('lr', [1, 3, crop, crop])
  const gt = tape.input('gt', [1, 3, crop * scale, crop * scale])
  const start = pack(layout, adapted.graph)
  const initial = tape.constant({ type: 'float32', dims: [layout.count], data: start }, 'initial')
  return objective(terms, { sr, lr, gt, before }, { scale, networks, theta, initial })
}

interface Steps {
  count: number
  timestep: Value
  factors: Value
  draw: Value
  lr: Value
}

function stepInputs(tape: Tape, spec: SampledSpec, count: number): Steps {
  const dims = latentDims(spec)
  return {
    count,
    timestep: tape.input('timestep', [count]),
    factors: tape.input('factors', [count, 3]),
    draw: tape.input('draw', [count, ...dims.slice(1)]),
    lr: tape.input('lr-latent', dims),
  }
}

/** Takes the steps one after the other. */
function walk(
  start: Value,
  { count, timestep, factors, draw, lr }: Steps,
  spec: SampledSpec,
  denoiser: Graph,
  weights: ReadonlyMap<string, Value>,
  prefix: string,
): Value {
  let latent = start
  for (let i = 0; i < count; i++) {
    const time = o.slice(timestep, 0, i, i + 1)
    const output = denoised(latent, lr, time, spec, denoiser, weights, `${prefix}${i}/`)
    const factor = (j: number) => o.reshape(o.slice(o.slice(factors, 0, i, i + 1), 1, j, j + 1), [])
    const kept = o.add(o.mul(latent, factor(0)), o.mul(output, factor(1)))
    latent = o.add(kept, o.mul(o.slice(draw, 0, i, i + 1), factor(2)))
  }
  return latent
}

/** The denoiser's output with guidance. */
function denoised(
  latent: Value,
  lr: Value,
  timestep: Value,
  { pipeline, prompt, negativePrompt }: SampledSpec,
  graph: Graph,
  weights: ReadonlyMap<string, Value>,
  prefix: string,
): Value {
  const { inputs, concatenate, guidance } = pipeline
  const { tape } = latent
  const time = graph.inputs.find(({ name }) => name === inputs.timestep)
  const at = o.cast(
    time && time.dims.length === 0 ? o.reshape(timestep, []) : timestep,
    time?.type ?? 'int64',
  )
  const run = (embedding: Tensor | undefined, name: string) => {
    const bind: Record<string, Value> = {
      ...Object.fromEntries(weights),
      [inputs.latent]: concatenate ? o.concat([latent, lr], 1) : latent,
      [inputs.timestep]: at,
      ...(inputs.condition && { [inputs.condition]: lr }),
      ...(embedding && { [inputs.prompt]: tape.constant(embedding, name) }),
    }
    return inline(tape, graph, bind, prefix + name).get(graph.outputs[0].name)!
  }
  const positive = run(prompt, '')
  if (guidance === 1) return positive
  const negative = run(negativePrompt, 'negative/')
  return o.add(negative, o.mul(o.sub(positive, negative), guidance))
}

/** A latent as an image in 0..1 (not limited to it). Colours are as the decoder gives them. */
function decoded(latent: Value, { pipeline, decoder }: SampledSpec): Value {
  const image = runOne(decoder, o.div(latent, pipeline.latent.scaling), 'decoder/')
  return o.mul(o.add(image, 1), 0.5)
}

function runOne(graph: Graph, input: Value, prefix: string): Value {
  const bind = { [graph.inputs[0].name]: input }
  return inline(input.tape, graph, bind, prefix).get(graph.outputs[0].name)!
}
