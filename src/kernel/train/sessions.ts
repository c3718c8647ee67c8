import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { unpack } from '../autodiff/layout.ts'
import { MirageError } from '../errors.ts'
import { PROVIDERS, type ProviderName } from '../models/providers.ts'
import { GraphBuilder } from '../onnx/builder.ts'
import type { Graph } from '../onnx/graph.ts'
import { writeGraph } from '../onnx/write.ts'

export type Vectors = Record<string, Float32Array>
type Sizes = Readonly<Record<string, readonly number[]>>

/** A loaded training-step graph, which keeps the state from one run to the next. */
export interface StepSession {
  /** Replaces the state. */
  load(state: Vectors): void
  /** Runs one step on inputs by name and returns every output but the state. */
  run(feeds: Vectors): Promise<Vectors>
  /** A copy of the state. */
  state(): Promise<Vectors>
  end(): Promise<void>
}

/** A loaded graph without a state. */
export interface PlainSession {
  run(feeds: Vectors): Promise<Vectors>
  end(): Promise<void>
}

export interface OpenOptions {
  provider: ProviderName
  /** Sizes of the inputs by name. */
  sizes: Sizes
  /** `disabled` for a graph that was optimised when it was saved. */
  optimization: 'all' | 'disabled'
  /** Where the optimised graph is written. */
  saveTo?: string
}

/**
 * Threads spin within a run, between the many small operators of a step, and not between runs. No memory pattern is kept:
 * it would raise the peak by half at the same speed.
 */
function optionsOf({ provider, optimization, saveTo }: OpenOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: [PROVIDERS[provider].runtimeName],
    graphOptimizationLevel: optimization,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1' } },
    ...(saveTo !== undefined && { optimizedModelFilePath: saveTo }),
  }
}

async function create(
  graph: string | Uint8Array,
  provider: ProviderName,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return await (typeof graph === 'string'
      ? InferenceSession.create(graph, options)
      : InferenceSession.create(graph, options))
  } catch (cause) {
    throw new MirageError(
      {
        code: 'step-graph-refused',
        message: `onnxruntime cannot load the training graph on ${provider}: ${
          String((cause as Error).message)
            .trim()
            .split('\n')[0]
        }`,
        remedy: 'Try "provider: cpu", a smaller crop or a smaller batch.',
      },
      { cause },
    )
  }
}

const float = (data: Float32Array, dims: readonly number[]) => new Tensor('float32', data, dims)

export async function openPlain(graph: string | Uint8Array, options: OpenOptions): Promise<PlainSession> {
  const session = await create(graph, options.provider, optionsOf(options))
  return {
    async run(feeds) {
      const inputs = session.inputNames.map(name => [name, float(feeds[name], options.sizes[name])])
      const outputs = await session.run(Object.fromEntries(inputs))
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]),
      )
    },
    end: () => session.release(),
  }
}

/**
 * Opens a step graph. On WebGPU the state stays on the device; elsewhere the runtime hands it out and takes it back, which
 * for an adapter is next to nothing.
 */
export async function openStep(graph: string | Uint8Array, options: OpenOptions): Promise<StepSession> {
  const onDevice = options.provider === 'webgpu'
  const slots = Object.keys(options.sizes).filter(name => name.startsWith('state/'))
  const location = Object.fromEntries(slots.map(name => [nextOf(name), 'gpu-buffer' as const]))
  const session = await create(graph, options.provider, {
    ...optionsOf(options),
    ...(onDevice && { preferredOutputLocation: location }),
  })
  const copy = onDevice ? await openCopy(options) : undefined
  let state = new Map<string, Tensor>()
  const replace = (next: Map<string, Tensor>) => {
    for (const tensor of state.values()) tensor.dispose()
    state = next
  }
  return {
    load(vectors) {
      replace(new Map(slots.map(name => [name, float(vectors[slotOf(name)].slice(), options.sizes[name])])))
    },
    async run(feeds) {
      const inputs = session.inputNames.map(name => [
        name,
        state.get(name) ?? float(feeds[name], options.sizes[name]),
      ])
      const outputs = await session.run(Object.fromEntries(inputs))
      replace(new Map(slots.map(name => [name, outputs[nextOf(name)]])))
      const rest = Object.entries(outputs).filter(([name]) => !name.startsWith('next/'))
      return Object.fromEntries(rest.map(([name, { data }]) => [name, data as Float32Array]))
    },
    async state() {
      const vectors: Vectors = {}
      for (const [name, tensor] of state) vectors[slotOf(name)] = await download(tensor, copy)
      return vectors
    },
    async end() {
      replace(new Map())
      await copy?.release()
      await session.release()
    },
  }
}

const slotOf = (name: string) => name.slice('state/'.length)
const nextOf = (name: string) => `next/${slotOf(name)}`

/** Reading a tensor on the device directly aborts the process, so a graph that multiplies by 1 carries it over. */
function openCopy({ provider, sizes }: OpenOptions): Promise<InferenceSession> {
  const builder = new GraphBuilder('copy')
  const { 'state/theta': dims } = sizes
  builder.output(
    builder.node('Mul', [builder.input('x', 'float32', [...dims]), builder.floats('one', [1])], {}, 'y'),
    'float32',
    [...dims],
  )
  return create(writeGraph(builder.graph), provider, optionsOf({ provider, sizes, optimization: 'disabled' }))
}

async function download(tensor: Tensor, copy: InferenceSession | undefined): Promise<Float32Array> {
  if (tensor.location === 'cpu' || !copy) return (tensor.data as Float32Array).slice()
  const { y } = await copy.run({ x: tensor })
  return y.data as Float32Array
}

/** A training whose graphs are loaded. */
export interface Program {
  step: StepSession
  evaluation: PlainSession
  /** State before the first step. */
  initial: Vectors
  /** Side of the LR crop of an evaluation. */
  heldCrop: number
  /** The network with trained numbers in its own weights. */
  merged(theta: Float32Array): Graph
  /** The trained numbers as named tensors. */
  tensors(theta: Float32Array): ReturnType<typeof unpack>
  end(): Promise<void>
}
