import { MirageError } from '../../errors.ts'
import { GraphBuilder } from '../../onnx/builder.ts'
import type { Graph } from '../../onnx/graph.ts'
import { addQuantised, addWeights, type WeightStorage } from './constants.ts'
import { floatsOf, readTfjsWeights, type TfjsWeight, type WeightsManifest } from './tfjs-weights.ts'

/** A `model.json` of a Keras functional model, as TensorFlow.js stores it. */
export interface TfjsModel {
  modelTopology: Record<string, unknown>
  weightsManifest: WeightsManifest[]
}

export interface TfjsOptions {
  name: string
  /** How 32-bit weights are stored; 8-bit codes stay 8-bit. */
  storage: WeightStorage
  /** Layers whose values become the graph's outputs, named after them; by default the model's own output, named `output`. */
  taps?: string[]
}

/**
 * Turns a convolutional Keras model into an ONNX graph in NCHW with one input `input` `[batch, channels, height,
 * width]`, dynamic in batch and size. Layers that no output needs are left out. A batch normalisation that alone
 * follows a convolution is folded into its weights.
 *
 * @throws MirageError `weights-unreadable`, or `layer-unsupported` for a layer that has no row here.
 */
export function importTfjs(model: TfjsModel, shards: Uint8Array, options: TfjsOptions): Graph {
  const { layers, output } = parseTopology(model.modelTopology)
  const taps = options.taps ?? [output]
  const needed = ancestors(layers, taps)
  const state: State = {
    builder: new GraphBuilder(options.name),
    storage: options.storage,
    weights: readTfjsWeights(model.weightsManifest, shards),
    values: new Map(),
    channels: new Map(),
    layers: layers.filter(layer => needed.has(layer.name)),
  }
  for (const layer of state.layers) {
    if (state.values.has(layer.name)) continue
    const convert = LAYERS[layer.type]
    if (convert === undefined) throw unsupported(layer, 'its type')
    state.values.set(layer.name, convert(layer, state))
  }
  for (const tap of taps) addOutput(state, tap, options.taps ? tap : 'output')
  return state.builder.graph
}

interface Layer {
  type: string
  name: string
  config: Record<string, unknown>
  inputs: string[]
}

interface State {
  builder: GraphBuilder
  storage: WeightStorage
  weights: Map<string, TfjsWeight>
  /** Layer name -> ONNX value name. */
  values: Map<string, string>
  /** Channel count by ONNX value name. */
  channels: Map<string, number>
  layers: Layer[]
}

/** Converts one layer and returns the ONNX name of its value. */
type Convert = (layer: Layer, state: State) => string

const LAYERS: Record<string, Convert> = {
  InputLayer(layer, state) {
    const channels = (layer.config.batch_input_shape as number[])[3]
    return known(
      state,
      state.builder.input('input', 'float32', ['batch', channels, 'height', 'width']),
      channels,
    )
  },
  Conv2D: (layer, state) => convolution(layer, state, 'kernel'),
  DepthwiseConv2D: (layer, state) => convolution(layer, state, 'depthwise_kernel'),
  ZeroPadding2D(layer, state) {
    const value = input(layer, state)
    const [[top, bottom], [left, right]] = layer.config.padding as number[][]
    const pads = state.builder.ints('pads', [0, 0, top, left, 0, 0, bottom, right])
    return known(state, state.builder.node('Pad', [value, pads]), state.channels.get(value)!)
  },
  ReLU(layer, state) {
    const value = input(layer, state)
    const { max_value: most = null, negative_slope: slope = 0, threshold = 0 } = layer.config
    if (slope || threshold) throw unsupported(layer, 'a slope or a threshold')
    const limits = [0, ...(most === null ? [] : [most as number])].map(limit =>
      state.builder.initializer('limit', { type: 'float32', dims: [], data: Float32Array.of(limit) }),
    )
    return known(state, state.builder.node('Clip', [value, ...limits]), state.channels.get(value)!)
  },
  Activation: (layer, state) => activate(layer, input(layer, state), state),
  Concatenate(layer, state) {
    const axis = layer.config.axis as number
    if (axis !== 3 && axis !== -1) throw unsupported(layer, `axis ${axis}`)
    const values = layer.inputs.map(each => state.values.get(each)!)
    const channels = values.reduce((sum, each) => sum + state.channels.get(each)!, 0)
    return known(state, state.builder.node('Concat', values, { axis: { int: 1 } }), channels)
  },
  Add(layer, state) {
    const values = layer.inputs.map(each => state.values.get(each)!)
    const sum = values.reduce((left, right) => state.builder.node('Add', [left, right]))
    return known(state, sum, state.channels.get(values[0])!)
  },
  MaxPooling2D: (layer, state) => pool('MaxPool', layer, state),
  AveragePooling2D: (layer, state) => pool('AveragePool', layer, state),
  /** UpscalerJS: the residual scaling of ESRGAN, x * beta. */
  MultiplyBeta(layer, state) {
    const value = input(layer, state)
    const scaled = state.builder.node('Mul', [
      value,
      state.builder.floats('beta', [layer.config.beta as number]),
    ])
    return known(state, scaled, state.channels.get(value)!)
  },
  /** UpscalerJS: tf.depthToSpace, whose channel order is ONNX's DCR. */
  PixelShuffle4x(layer, state) {
    const value = input(layer, state)
    const factor = layer.config.scale as number
    const shuffled = state.builder.node('DepthToSpace', [value], {
      blocksize: { int: factor },
      mode: { string: 'DCR' },
    })
    return known(state, shuffled, state.channels.get(value)! / (factor * factor))
  },
}

type KernelName = 'kernel' | 'depthwise_kernel'

function convolution(layer: Layer, state: State, name: KernelName): string {
  const norm = followingNorm(layer, state)
  const { value, channels } = convolve(layer, state, norm, name)
  known(state, value, channels)
  if (norm !== undefined) state.values.set(norm.name, value)
  return activate(layer, value, state)
}

function convolve(layer: Layer, state: State, norm: Layer | undefined, name: KernelName) {
  const { builder, storage, weights } = state
  const kernel = weights.get(`${layer.name}/${name}`)!
  const [height, width, first, last] = kernel.shape
  // A depthwise kernel has the outputs of each input in turn, which is a kernel of one input with a group per channel.
  const [inputs, outputs, group] = name === 'kernel' ? [first, last, 1] : [1, first * last, first]
  const shape = [height, width, inputs, outputs]
  const dims = [outputs, inputs, height, width]
  const { gain, bias } = norm
    ? normalisation(norm, weights)
    : { gain: new Float32Array(outputs).fill(1), bias: biasOf(layer, weights) }
  const hint = `${layer.name}.weight`
  let weight: string
  if ('codes' in kernel) {
    const codes = toOIHW(kernel.codes, shape)
    weight = addQuantised(
      builder,
      hint,
      dims,
      codes,
      gain.map(each => each * kernel.scale),
      gain.map(each => each * kernel.min),
    )
  } else {
    const perOutput = inputs * height * width
    const values = toOIHW(kernel.floats, shape).map((each, i) => each * gain[Math.floor(i / perOutput)])
    weight = addWeights(builder, hint, dims, values, storage)
  }
  const operands = [input(layer, state), weight]
  if (bias !== undefined) operands.push(builder.floats(`${layer.name}.bias`, bias, [outputs]))
  const dilations = layer.config.dilation_rate as number[]
  const value = builder.node('Conv', operands, {
    kernel_shape: { ints: [height, width] },
    dilations: { ints: dilations },
    ...(group > 1 && { group: { int: group } }),
    ...window(layer, [height, width], dilations),
  })
  return { value, channels: outputs }
}

/** Strides and pads of a sliding window. Keras' `same` with a stride depends on the input's size and has no row here. */
function window(layer: Layer, size: number[], dilations = [1, 1]) {
  const strides = layer.config.strides as number[]
  const ones = strides.every(stride => stride === 1)
  if (layer.config.padding === 'same' && !ones) throw unsupported(layer, 'strided "same" padding')
  const spans = size.map((each, axis) => (layer.config.padding === 'same' ? (each - 1) * dilations[axis] : 0))
  const before = spans.map(span => Math.floor(span / 2))
  const pads = [...before, ...spans.map((span, axis) => span - before[axis])]
  return { strides: { ints: strides }, pads: { ints: pads } }
}

function pool(op: 'MaxPool' | 'AveragePool', layer: Layer, state: State): string {
  const value = input(layer, state)
  const size = layer.config.pool_size as number[]
  const pooled = state.builder.node(op, [value], { kernel_shape: { ints: size }, ...window(layer, size) })
  return known(state, pooled, state.channels.get(value)!)
}

/** The batch normalisation that is the only reader of this convolution, where there is one. */
function followingNorm(layer: Layer, state: State): Layer | undefined {
  const readers = state.layers.filter(each => each.inputs.includes(layer.name))
  const linear = layer.config.activation === 'linear'
  return linear && readers.length === 1 && readers[0].type === 'BatchNormalization' ? readers[0] : undefined
}

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta as gain * x + bias. */
function normalisation(norm: Layer, weights: Map<string, TfjsWeight>) {
  const get = (name: string) => {
    const weight = weights.get(`${norm.name}/${name}`)
    return weight && floatsOf(weight)
  }
  const mean = get('moving_mean')!
  const variance = get('moving_variance')!
  const epsilon = norm.config.epsilon as number
  const gamma = get('gamma')
  const beta = get('beta')
  const gain = variance.map((each, i) => (gamma?.[i] ?? 1) / Math.sqrt(each + epsilon))
  const bias = mean.map((each, i) => (beta?.[i] ?? 0) - each * gain[i])
  return { gain, bias }
}

function biasOf(layer: Layer, weights: Map<string, TfjsWeight>): Float32Array | undefined {
  const bias = weights.get(`${layer.name}/bias`)
  return bias && floatsOf(bias)
}

function activate(layer: Layer, value: string, state: State): string {
  const activation = layer.config.activation
  if (activation === 'linear') return value
  if (activation !== 'relu') throw unsupported(layer, `activation ${activation}`)
  return known(state, state.builder.node('Relu', [value]), state.channels.get(value)!)
}

function toOIHW<T extends Uint8Array | Float32Array>(
  values: T,
  [height, width, inputs, outputs]: number[],
): T {
  const result = values.slice() as T
  let to = 0
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          result[to++] = values[((y * width + x) * inputs + i) * outputs + o]
        }
      }
    }
  }
  return result
}

function parseTopology(topology: Record<string, unknown>): { layers: Layer[]; output: string } {
  const { config } = (topology.model_config ?? topology) as { config: Record<string, unknown> }
  const layers = (config.layers as Record<string, unknown>[]).map(each => ({
    type: each.class_name as string,
    name: each.name as string,
    config: each.config as Record<string, unknown>,
    inputs: ((each.inbound_nodes as [string][][])[0] ?? []).map(([name]) => name),
  }))
  return { layers, output: (config.output_layers as [string][])[0][0] }
}

function ancestors(layers: Layer[], outputs: string[]): Set<string> {
  const byName = new Map(layers.map(layer => [layer.name, layer]))
  const found = new Set<string>()
  const open = [...outputs]
  while (open.length > 0) {
    const name = open.pop()!
    if (found.has(name)) continue
    found.add(name)
    open.push(...byName.get(name)!.inputs)
  }
  return found
}

function addOutput({ builder, values, channels }: State, layer: string, name: string): void {
  const value = values.get(layer)!
  builder.graph.nodes.push({ op: 'Identity', name, inputs: [value], outputs: [name], attributes: {} })
  builder.output(name, 'float32', ['batch', channels.get(value)!, `${name}_height`, `${name}_width`])
}

function input(layer: Layer, state: State): string {
  return state.values.get(layer.inputs[0])!
}

function known(state: State, value: string, channels: number): string {
  state.channels.set(value, channels)
  return value
}

function unsupported(layer: Layer, what: string): MirageError {
  return new MirageError({
    code: 'layer-unsupported',
    message: `The Keras layer "${layer.name}" (${layer.type}): ${what} has no ONNX form here.`,
    remedy: `Known layers: ${Object.keys(LAYERS).join(', ')}. Convert the model to ONNX with tf2onnx.`,
  })
}
