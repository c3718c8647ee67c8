import { MirageError } from '../../errors.ts'
import { countOf } from '../../onnx/elements.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'

type Role = 'weight' | 'bias' | 'scale'

/** Where operators keep what a network has learned. Add and Mul do so where exporters split biases and scales off. */
const ROLES: Record<string, Record<number, Role>> = {
  Conv: { 1: 'weight', 2: 'bias' },
  ConvTranspose: { 1: 'weight', 2: 'bias' },
  Gemm: { 1: 'weight', 2: 'bias' },
  MatMul: { 0: 'weight', 1: 'weight' },
  Gather: { 0: 'weight' },
  PRelu: { 1: 'weight' },
  Add: { 0: 'bias', 1: 'bias' },
  Mul: { 0: 'scale', 1: 'scale' },
  BatchNormalization: { 1: 'scale', 2: 'bias' },
  InstanceNormalization: { 1: 'scale', 2: 'bias' },
  GroupNormalization: { 1: 'scale', 2: 'bias' },
  LayerNormalization: { 1: 'scale', 2: 'bias' },
}

export interface Weight {
  /** Of the initializer. */
  name: string
  /** Of the first node that reads it. */
  node: string
  role: Role
  tensor: Tensor
}

/** What a network has learned, in the order of its nodes. Single numbers (a residual scale) are not counted. */
export function weightsOf(graph: Graph): Weight[] {
  const found = new Map<string, Weight>()
  for (const { op, name: node, inputs } of graph.nodes) {
    for (const [position, role] of Object.entries(ROLES[op] ?? {})) {
      const name = inputs[Number(position)]
      const tensor = name === undefined ? undefined : graph.initializers.get(name)
      if (tensor?.type !== 'float32' || countOf(tensor.dims) === 1 || found.has(name)) continue
      found.set(name, { name, node, role, tensor })
    }
  }
  return [...found.values()]
}

/** Whether a name fits one of some patterns, in which `*` stands for anything; no patterns fit every name. */
export function fits(name: string, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true
  return patterns.some(pattern => {
    const parts = pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${parts.join('.*')}$`).test(name)
  })
}

export function nothingToTrain(graph: Graph, what: string, patterns: readonly string[]): MirageError {
  const names = weightsOf(graph).map(weight => weight.node)
  const some = [...new Set(names)].slice(0, 5).join(', ')
  return new MirageError({
    code: 'nothing-to-train',
    message: `"${graph.name}" has no ${what}${patterns.length > 0 ? ` whose name fits ${patterns.join(' or ')}` : ''}.`,
    remedy: `Change the pattern or the adapter. Names of its nodes: ${some || 'none with weights'}.`,
  })
}

/** A copy of a graph with some initializers replaced. */
export function withInitializers(graph: Graph, values: ReadonlyMap<string, Tensor>): Graph {
  const replaced = [...graph.initializers].map(
    ([name, tensor]) => [name, values.get(name) ?? tensor] as const,
  )
  return { ...graph, initializers: new Map(replaced) }
}
