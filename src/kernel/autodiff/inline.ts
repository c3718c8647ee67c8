import { MirageError } from '../errors.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { LOWERINGS } from './lower/index.ts'
import { unsupported } from './lower/unsupported.ts'
import type { Tape, Value } from './tape.ts'

/** Operator set of the graphs that a tape writes. */
export const TAPE_OPSET = 18

const OLDEST = 11

/**
 * Records a graph on a tape and returns its values by name.
 *
 * @param bind a tape value for each input of the graph, and for those of its initializers that are to be variables (the
 * trained weights); the other initializers become constants
 * @param prefix put before the names of nodes, to tell several graphs on one tape apart
 * @throws MirageError `operator-unsupported`, `shape-not-static`, `shape-mismatch`, `opset-unsupported`
 */
export function inline(
  tape: Tape,
  graph: Graph,
  bind: Readonly<Record<string, Value>>,
  prefix = '',
): Map<string, Value> {
  if (graph.opset < OLDEST) {
    throw new MirageError({
      code: 'opset-unsupported',
      message: `"${graph.name}" uses operator set ${graph.opset}; Mirage trains through ${OLDEST} and newer.`,
      remedy: 'Export the model again with operator set 17 or 18.',
    })
  }
  const values = new Map<string, Value>(Object.entries(bind))
  for (const { name } of graph.inputs) if (!values.has(name)) throw new Error(`input "${name}" is not bound`)
  for (const [name, tensor] of graph.initializers) {
    if (!values.has(name)) values.set(name, tape.constant(tensor, prefix + name))
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(name => (name === '' ? undefined : values.get(name)))
    const outputs = record(tape, node, inputs, graph.opset, prefix)
    for (const [i, name] of node.outputs.entries()) if (name) values.set(name, outputs[i])
  }
  return values
}

function record(
  tape: Tape,
  node: Node,
  inputs: (Value | undefined)[],
  opset: number,
  prefix: string,
): Value[] {
  const name = prefix + (node.name || node.outputs[0])
  const { op, attributes } = node
  if (node.domain) throw unsupported({ op: `${node.domain}.${op}`, name }, 'of a private domain')
  const outputs = node.outputs.length
  const lower = LOWERINGS[op]
  if (!lower) return tape.call(op, inputs, attributes, { outputs, name })
  const [x, y] = inputs as Value[]
  const result = lower({ tape, op, name, inputs, x, y, attributes, outputs, opset })
  return Array.isArray(result) ? result : [result]
}
