import { MirageError } from '../errors.ts'
import type { Graph, Node, Tensor, ValueInfo } from '../onnx/graph.ts'
import { readGraph, readSignature, type Signature } from '../onnx/read.ts'
import { METADATA_KEY, type ModelManifest, modelManifest } from './manifest.ts'

/** What an ONNX file says of how it is used; what it does not say is left out. */
export type Inspected = Partial<Pick<ModelManifest, 'layout' | 'colour' | 'scale' | 'range'>>

/**
 * Reads how a super-resolution network is used from its graph: layout and colour from its input's shape, the scale from
 * fixed sizes, the value range from what the graph does first and last with its values. RGB order is assumed, since
 * no graph says it.
 *
 * @throws MirageError `model-unreadable` for a damaged file, `model-unsupported` for one that does not map one image to one.
 */
export function inspectModel(bytes: Uint8Array): Inspected & { embedded?: ModelManifest } {
  const signature = readSignature(bytes)
  const embedded = embeddedManifest(signature)
  const { inputs, outputs } = signature
  if (inputs.length !== 1) {
    const names = inputs.map(({ name }) => name).join(', ') || 'nothing'
    throw unsupported(`it takes ${names} where one image is given`)
  }
  const [input] = inputs
  if (!input.anyRank && input.dims.length !== 4) {
    throw unsupported(
      `its input "${input.name}" has ${input.dims.length} dimensions where an image batch has 4`,
    )
  }
  const layout = layoutOf(input)
  return {
    ...(embedded && { embedded }),
    ...defined({
      layout,
      colour: layout && colourOf(input, layout),
      scale: layout && scaleOf(input, outputs[0], layout),
      range: rangeOf(bytes),
    }),
  }
}

function embeddedManifest({ metadata }: Signature): ModelManifest | undefined {
  if (metadata[METADATA_KEY] === undefined) return undefined
  try {
    return modelManifest.safeParse(JSON.parse(metadata[METADATA_KEY])).data
  } catch {
    return undefined
  }
}

const isChannels = (dim: number | string | undefined) => dim === 1 || dim === 3

function layoutOf({ dims }: ValueInfo): ModelManifest['layout'] | undefined {
  if (isChannels(dims[1]) && !isChannels(dims[3])) return 'nchw'
  if (isChannels(dims[3]) && !isChannels(dims[1])) return 'nhwc'
  return undefined
}

function colourOf({ dims }: ValueInfo, layout: ModelManifest['layout']): ModelManifest['colour'] {
  return dims[layout === 'nchw' ? 1 : 3] === 1 ? 'y' : 'rgb'
}

function scaleOf(input: ValueInfo, output: ValueInfo, layout: ModelManifest['layout']): number | undefined {
  const axis = layout === 'nchw' ? 2 : 1
  const [from, to] = [input.dims[axis], output.dims[axis]]
  if (typeof from !== 'number' || typeof to !== 'number' || from <= 0 || to % from !== 0) return undefined
  return to / from
}

/** 0..255 where the input is first divided by 255; otherwise what the output is limited to. */
function rangeOf(bytes: Uint8Array): ModelManifest['range'] | undefined {
  let graph: Graph
  try {
    graph = readGraph(bytes)
  } catch (error) {
    // A graph with subgraphs or outside data can still be run; its nodes just say nothing here.
    if (error instanceof MirageError && error.info.code === 'model-unsupported') return undefined
    throw error
  }
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(graph.inputs[0].name))
  if (readers.length > 0 && readers.every(node => dividesBy255(node, graph))) return '0..255'
  const last = producer(graph, graph.outputs[0].name)
  if (last?.op === 'Sigmoid') return '0..1'
  if (last?.op === 'Tanh') return '-1..1'
  if (last?.op !== 'Clip') return undefined
  const [low, high] = [1, 2].map(i => scalar(graph, last.inputs[i]))
  return (['0..1', '0..255', '-1..1'] as const).find(range => range === `${low}..${high}`)
}

function dividesBy255(node: Node, graph: Graph): boolean {
  const constants = node.inputs.map(name => scalar(graph, name)).filter(value => value !== undefined)
  if (node.op === 'Div') return constants[0] === 255
  return node.op === 'Mul' && Math.abs(constants[0] - 1 / 255) < 1e-8
}

/** The node behind an output, past nodes that only pass a value on. */
function producer(graph: Graph, name: string): Node | undefined {
  const node = graph.nodes.find(({ outputs }) => outputs.includes(name))
  return node?.op === 'Identity' || node?.op === 'Cast' ? producer(graph, node.inputs[0]) : node
}

function scalar(graph: Graph, name: string): number | undefined {
  const node = graph.nodes.find(({ op, outputs }) => op === 'Constant' && outputs[0] === name)
  const value = node?.attributes.value
  const tensor: Tensor | undefined =
    graph.initializers.get(name) ?? (value && 'tensor' in value ? value.tensor : undefined)
  return tensor?.data.length === 1 ? Number(tensor.data[0]) : undefined
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

function unsupported(why: string): MirageError {
  return new MirageError({
    code: 'model-unsupported',
    message: `This network cannot be used for super-resolution as it is: ${why}.`,
    remedy:
      'Export it as one graph from an LR image to an SR image, [batch, channels, height, width] or channels last.',
  })
}
