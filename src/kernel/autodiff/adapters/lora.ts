import * as z from 'zod'
import { GraphBuilder } from '../../onnx/builder.ts'
import { countOf } from '../../onnx/elements.ts'
import type { Graph, Node, Tensor } from '../../onnx/graph.ts'
import type { Rng } from '../../stats/resampling/rng.ts'
import { float, int } from '../attributes.ts'
import { defineAdapter } from './types.ts'
import { fits, nothingToTrain, withInitializers } from './weights.ts'

/** How a low-rank path runs beside one kind of layer, and how its product is added to the layer's weight. */
interface Layer {
  /** Shape of the down projection A, whose first axis is the rank, from the weight's. */
  down(weight: readonly number[], node: Node, rank: number): number[]
  /** Shape of the up projection B. */
  up(weight: readonly number[], node: Node, rank: number): number[]
  fits(node: Node, weight: Tensor): boolean
  /** Records `up(down(x) * scale)` and returns its name. */
  path(builder: GraphBuilder, node: Node, names: { down: string; up: string }, scale: number): string
  /** Position in the weight of element `column` of row `row` of the product B · A. */
  position(weight: readonly number[], node: Node, row: number, column: number): number
}

function scaled(builder: GraphBuilder, value: string, scale: number, hint: string): string {
  if (scale === 1) return value
  return builder.node(
    'Mul',
    [value, builder.floats(`${hint}.lora_scale`, [scale])],
    {},
    `${hint}.lora_scaled`,
  )
}

const transposed = (node: Node) => int(node.attributes, 'transB', 0) === 1

const dense: Pick<Layer, 'position'> = {
  position: (weight, node, row, column) =>
    transposed(node) ? row * weight[1] + column : column * weight[1] + row,
}

const LAYERS: Record<string, Layer> = {
  /** A convolution to `rank` channels like the layer's own, then one of 1 x 1. */
  Conv: {
    fits: (node, weight) => int(node.attributes, 'group', 1) === 1 && weight.dims.length >= 3,
    down: (weight, _, rank) => [rank, ...weight.slice(1)],
    up: (weight, _, rank) => [weight[0], rank, ...weight.slice(2).map(() => 1)],
    path: (builder, { inputs: [x], name, attributes }, { down, up }, scale) => {
      const low = builder.node('Conv', [x, down], { ...attributes }, `${name}.lora_down`)
      return builder.node('Conv', [scaled(builder, low, scale, name), up], {}, `${name}.lora_up`)
    },
    position: (weight, _, row, column) => row * countOf(weight.slice(1)) + column,
  },
  MatMul: {
    ...dense,
    fits: (_, weight) => weight.dims.length === 2,
    down: (weight, _, rank) => [weight[0], rank],
    up: (weight, _, rank) => [rank, weight[1]],
    path: (builder, { inputs: [x], name }, { down, up }, scale) => {
      const low = builder.node('MatMul', [x, down], {}, `${name}.lora_down`)
      return builder.node('MatMul', [scaled(builder, low, scale, name), up], {}, `${name}.lora_up`)
    },
  },
  Gemm: {
    ...dense,
    fits: ({ attributes }) => int(attributes, 'transA', 0) === 0,
    down: (weight, node, rank) => (transposed(node) ? [rank, weight[1]] : [weight[0], rank]),
    up: (weight, node, rank) => (transposed(node) ? [weight[0], rank] : [rank, weight[1]]),
    path: (builder, { inputs: [x], name, attributes }, { down, up }, scale) => {
      const transB = { int: int(attributes, 'transB', 0) }
      const low = builder.node('Gemm', [x, down], { transB, alpha: { float: scale } }, `${name}.lora_down`)
      return builder.node(
        'Gemm',
        [low, up],
        { transB, alpha: { float: float(attributes, 'alpha', 1) } },
        `${name}.lora_up`,
      )
    },
  },
}

const settings = z.strictObject({
  rank: z.int().min(1).max(512).default(8).meta({ description: 'Rank of the update of each layer.' }),
  alpha: z
    .number()
    .positive()
    .optional()
    .meta({ description: 'The update is scaled by alpha / rank; alpha is the rank by default.' }),
  target: z
    .array(z.string())
    .default([])
    .meta({ description: 'Names of layers, * for anything; all by default.' }),
})

/**
 * Low-rank adaptation: beside each layer runs a path through `rank` channels, B A x, which starts at zero because B does.
 * In training the two stay apart, so the layer's own weight stays constant and its gradient is never formed; for use they
 * are merged, W + alpha / rank * B A.
 */
export const lora = defineAdapter({
  name: 'lora',
  summary:
    'Adds a low-rank update to convolutions and dense layers; small, and merged into the weights at the end.',
  settings,
  source:
    'Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021; for convolutions as in https://github.com/cloneofsimo/lora',
  apply(graph, { rank, alpha = rank, target }, random) {
    const layers = graph.nodes.filter(node => {
      const weight = graph.initializers.get(node.inputs[1])
      if (weight?.type !== 'float32' || !fits(node.name, target)) return false
      return LAYERS[node.op]?.fits(node, weight) && readers(graph, node.inputs[1]) === 1
    })
    if (layers.length === 0) throw nothingToTrain(graph, 'convolutions or dense layers', target)
    const scale = alpha / rank
    const { graph: wider, paths } = attach(graph, layers, rank, scale, random)
    return {
      graph: wider,
      trained: paths.flatMap(({ down, up }) => [down, up]),
      merge: values => withInitializers(graph, merged(graph, paths, values, rank, scale)),
    }
  },
})

/** A weight that several layers share cannot take an update of one of them. */
const readers = (graph: Graph, name: string) => graph.nodes.filter(node => node.inputs.includes(name)).length

/** A layer, and the names of its A and B. */
interface Path {
  node: Node
  down: string
  up: string
}

function attach(graph: Graph, layers: readonly Node[], rank: number, scale: number, random: Rng) {
  const builder = GraphBuilder.from(graph)
  const nodes = builder.graph.nodes.splice(0)
  const paths: Path[] = []
  for (const node of nodes) {
    if (!layers.includes(node)) {
      builder.graph.nodes.push(node)
      continue
    }
    const layer = LAYERS[node.op]
    const { dims } = graph.initializers.get(node.inputs[1])!
    const upDims = layer.up(dims, node, rank)
    const zeros: Tensor = { type: 'float32', dims: upDims, data: new Float32Array(countOf(upDims)) }
    const down = builder.initializer(
      `${node.name}.lora_A`,
      uniform(layer.down(dims, node, rank), rank, random),
    )
    const up = builder.initializer(`${node.name}.lora_B`, zeros)
    const own = builder.fresh(`${node.outputs[0]}.own`)
    builder.graph.nodes.push({ ...node, outputs: [own] })
    const path = layer.path(builder, node, { down, up }, scale)
    const name = `${node.name}.lora`
    builder.graph.nodes.push({ op: 'Add', name, inputs: [own, path], outputs: node.outputs, attributes: {} })
    paths.push({ node, down, up })
  }
  return { graph: builder.graph, paths }
}

/** Kaiming-uniform with a = sqrt(5), the default of layers and of LoRA's official code: within 1 / sqrt(fan in). */
function uniform(dims: number[], rank: number, random: Rng): Tensor {
  const count = countOf(dims)
  const bound = 1 / Math.sqrt(count / rank)
  const data = Float32Array.from({ length: count }, () => bound * (2 * random.uniform() - 1))
  return { type: 'float32', dims, data }
}

/** `W + scale * B A` for every layer with a path. */
function merged(
  graph: Graph,
  paths: readonly Path[],
  values: ReadonlyMap<string, Tensor>,
  rank: number,
  scale: number,
): Map<string, Tensor> {
  const result = new Map<string, Tensor>()
  for (const { node, down, up } of paths) {
    const weight = graph.initializers.get(node.inputs[1])!
    const [a, b] = [down, up].map(name => values.get(name)!.data as Float32Array)
    const [inputs, outputs] = [a.length / rank, b.length / rank]
    // Conv and transposed dense layers hold A as [rank, inputs] and B as [outputs, rank]; the others the other way round.
    const turned = node.op !== 'Conv' && !transposed(node)
    const data = Float64Array.from(weight.data as Float32Array)
    for (let row = 0; row < outputs; row++) {
      for (let column = 0; column < inputs; column++) {
        let sum = 0
        for (let k = 0; k < rank; k++) {
          sum += turned
            ? b[k * outputs + row] * a[column * rank + k]
            : b[row * rank + k] * a[k * inputs + column]
        }
        data[LAYERS[node.op].position(weight.dims, node, row, column)] += scale * sum
      }
    }
    result.set(node.inputs[1], { ...weight, data: Float32Array.from(data) })
  }
  return result
}
