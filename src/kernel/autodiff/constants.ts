import { ELEMENTS } from '../onnx/elements.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { fromTensor, toTensor } from './reference/array.ts'
import { REFERENCE } from './reference/index.ts'

/**
 * The same graph with every node that depends on constants alone computed now. Weights that are stored in another form
 * (half precision, 8-bit codes with scale and offset) so become plain 32-bit initializers under the name that the network
 * knows them by.
 */
export function foldConstants(graph: Graph): Graph {
  const known = new Map(graph.initializers)
  const nodes: Node[] = []
  for (const node of graph.nodes) {
    const results = compute(node, known)
    if (!results) nodes.push(node)
    else for (const [i, name] of node.outputs.entries()) known.set(name, results[i])
  }
  const used = new Set([...nodes.flatMap(node => node.inputs), ...graph.outputs.map(output => output.name)])
  return { ...graph, nodes, initializers: new Map([...known].filter(([name]) => used.has(name))) }
}

function compute(node: Node, known: ReadonlyMap<string, Tensor>): Tensor[] | undefined {
  const evaluate = REFERENCE[node.op]
  if (!evaluate || node.domain || node.inputs.some(name => name !== '' && !known.has(name))) return undefined
  const { to } = node.attributes
  if (to && 'int' in to && to.int === ELEMENTS.float16.code) return undefined
  const inputs = node.inputs.map(name => (name === '' ? undefined : fromTensor(known.get(name)!)))
  if (node.op !== 'Cast' && inputs.some(input => input?.type === 'float16')) return undefined
  return evaluate(inputs, node.attributes, node.outputs.length).map(toTensor)
}
