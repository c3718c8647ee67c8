import { MirageError } from '../../errors.ts'
import { GraphBuilder } from '../../onnx/builder.ts'
import type { Graph } from '../../onnx/graph.ts'
import { addWeights } from './constants.ts'
import { type NcnnLayer, parseNcnnParam } from './ncnn-param.ts'
import { NcnnWeights } from './ncnn-weights.ts'

/**
 * Turns an ncnn super-resolution network into an ONNX graph with one input `[batch, channels, height, width]` and one
 * output of the same layout, dynamic in batch and size. Value range and colour order stay those of the network (0..1
 * RGB for Real-ESRGAN). Half-precision kernels stay half-precision in the file.
 *
 * @throws MirageError `weights-unreadable` for damaged files, `layer-unsupported` for a layer that has no row here.
 */
export function importNcnn(param: string, bin: Uint8Array, name: string): Graph {
  const layers = parseNcnnParam(param)
  const state: State = {
    builder: new GraphBuilder(name),
    weights: new NcnnWeights(bin),
    values: new Map(),
    channels: new Map(),
  }
  for (const layer of layers) {
    const convert = LAYERS[layer.type]
    if (convert === undefined) throw unsupported(layer)
    convert(layer, state)
  }
  state.weights.end()
  addOutput(layers, state)
  return state.builder.graph
}

interface State {
  builder: GraphBuilder
  weights: NcnnWeights
  /** ncnn value name -> ONNX value name. Split only adds names, so several may lead to one. */
  values: Map<string, string>
  /** Channel count by ONNX value name. */
  channels: Map<string, number>
}

type Convert = (layer: NcnnLayer, state: State) => void

/** Layer types of SRVGGNetCompact and RRDBNet. Parameter numbers: https://github.com/Tencent/ncnn/wiki/operators. */
const LAYERS: Record<string, Convert> = {
  Input(layer, state) {
    // ncnn's Input does not say its channels; all networks read here take RGB.
    const input = state.builder.input('input', 'float32', ['batch', 3, 'height', 'width'])
    bind(state, layer, input, 3)
  },
  Split(layer, state) {
    const value = lookUp(state, layer.inputs[0])
    for (const output of layer.outputs) state.values.set(output, value)
  },
  Convolution(layer, state) {
    const { builder, weights } = state
    const input = lookUp(state, layer.inputs[0])
    const [out, width] = [param(layer, 0, 0), param(layer, 1, 0)]
    const height = param(layer, 11, width)
    const inputs = state.channels.get(input)!
    const size = param(layer, 6, 0)
    if (size !== out * inputs * width * height || param(layer, 7, 1) !== 1) throw unsupported(layer)
    const kernel = addWeights(
      builder,
      `${layer.name}.weight`,
      [out, inputs, height, width],
      weights.kernel(size, layer.name),
      'float32',
    )
    const operands = [input, kernel]
    if (param(layer, 5, 0) === 1) {
      operands.push(builder.floats(`${layer.name}.bias`, weights.floats(out, layer.name), [out]))
    }
    const [dilation, stride, padding] = [param(layer, 2, 1), param(layer, 3, 1), param(layer, 4, 0)]
    const conv = builder.node('Conv', operands, {
      kernel_shape: { ints: [height, width] },
      dilations: { ints: [dilation, dilation] },
      strides: { ints: [stride, stride] },
      pads: { ints: [padding, padding, padding, padding] },
    })
    bind(state, layer, activate(layer, conv, builder), out)
  },
  PReLU(layer, state) {
    const input = lookUp(state, layer.inputs[0])
    const count = param(layer, 0, 0)
    const slopes = state.weights.floats(count, layer.name)
    const slope = state.builder.floats(`${layer.name}.slope`, slopes, [count, 1, 1])
    bind(state, layer, state.builder.node('PRelu', [input, slope]), state.channels.get(input)!)
  },
  Concat(layer, state) {
    if (param(layer, 0, 0) !== 0) throw unsupported(layer)
    const inputs = layer.inputs.map(each => lookUp(state, each))
    const channels = inputs.reduce((sum, each) => sum + state.channels.get(each)!, 0)
    bind(state, layer, state.builder.node('Concat', inputs, { axis: { int: 1 } }), channels)
  },
  Eltwise(layer, state) {
    if (param(layer, 0, 0) !== 1) throw unsupported(layer)
    const scales = layer.params.get(1) ?? []
    const terms = layer.inputs.map((each, i) => scaled(state, lookUp(state, each), scales[i] ?? 1))
    const sum = terms.reduce((left, right) => state.builder.node('Add', [left, right]))
    bind(state, layer, sum, state.channels.get(lookUp(state, layer.inputs[0]))!)
  },
  BinaryOp(layer, state) {
    if (param(layer, 0, 0) !== 0 || layer.inputs.length !== 2) throw unsupported(layer)
    const inputs = layer.inputs.map(each => lookUp(state, each))
    bind(state, layer, state.builder.node('Add', inputs), state.channels.get(inputs[0])!)
  },
  Interp(layer, state) {
    if (param(layer, 0, 0) !== 1) throw unsupported(layer)
    const input = lookUp(state, layer.inputs[0])
    const scales = state.builder.floats('scales', [1, 1, param(layer, 1, 1), param(layer, 2, 1)], [4])
    const resized = state.builder.node('Resize', [input, '', scales], {
      mode: { string: 'nearest' },
      coordinate_transformation_mode: { string: 'asymmetric' },
      nearest_mode: { string: 'floor' },
    })
    bind(state, layer, resized, state.channels.get(input)!)
  },
  PixelShuffle(layer, state) {
    if (param(layer, 1, 0) !== 0) throw unsupported(layer)
    const input = lookUp(state, layer.inputs[0])
    const factor = param(layer, 0, 1)
    const shuffled = state.builder.node('DepthToSpace', [input], {
      blocksize: { int: factor },
      mode: { string: 'CRD' },
    })
    bind(state, layer, shuffled, state.channels.get(input)! / (factor * factor))
  },
}

/** Activation fused into a convolution: parameter 9 is its type, array 10 its parameters. */
function activate(layer: NcnnLayer, value: string, builder: GraphBuilder): string {
  const type = param(layer, 9, 0)
  if (type === 0) return value
  if (type === 1) return builder.node('Relu', [value])
  if (type === 2) {
    const alpha = layer.params.get(10)?.[0] ?? 0
    return builder.node('LeakyRelu', [value], { alpha: { float: alpha } })
  }
  throw unsupported(layer)
}

function scaled({ builder }: State, value: string, scale: number): string {
  return scale === 1 ? value : builder.node('Mul', [value, builder.floats('scale', [scale])])
}

function addOutput(layers: NcnnLayer[], { builder, values, channels }: State): void {
  const last = values.get(layers.at(-1)!.outputs[0])!
  builder.graph.nodes.push({
    op: 'Identity',
    name: 'output',
    inputs: [last],
    outputs: ['output'],
    attributes: {},
  })
  builder.output('output', 'float32', ['batch', channels.get(last)!, 'out_height', 'out_width'])
}

function bind(state: State, layer: NcnnLayer, value: string, channels: number): void {
  state.values.set(layer.outputs[0], value)
  state.channels.set(value, channels)
}

function lookUp(state: State, name: string): string {
  const value = state.values.get(name)
  if (value === undefined) {
    throw new MirageError({
      code: 'weights-unreadable',
      message: `The ncnn network reads "${name}" before any layer makes it.`,
      remedy: 'Fetch the .param file again and check its checksum.',
    })
  }
  return value
}

function param(layer: NcnnLayer, number: number, otherwise: number): number {
  return layer.params.get(number)?.[0] ?? otherwise
}

function unsupported(layer: NcnnLayer): MirageError {
  return new MirageError({
    code: 'layer-unsupported',
    message: `The ncnn layer "${layer.name}" (${layer.type}) or one of its settings has no ONNX form here.`,
    remedy: `Known layers: ${Object.keys(LAYERS).join(', ')}. Convert the model to ONNX with its own exporter.`,
  })
}
