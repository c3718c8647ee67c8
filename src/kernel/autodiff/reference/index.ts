import { MirageError } from '../../errors.ts'
import type { Graph } from '../../onnx/graph.ts'
import { fromTensor, type NdArray } from './array.ts'
import { ELEMENTWISE } from './elementwise.ts'
import { LAYOUT } from './layout.ts'
import { MATMUL } from './matmul.ts'
import { NORM } from './norm.ts'
import { REDUCE } from './reduce.ts'
import { RESIZE } from './resize.ts'
import type { Evaluate } from './types.ts'
import { WINDOW } from './window.ts'

/** The meaning of each operator, as plainly as it can be written. Fast paths and gradients are tested against it. */
export const REFERENCE: Record<string, Evaluate> = {
  ...ELEMENTWISE,
  ...REDUCE,
  ...LAYOUT,
  ...MATMUL,
  ...WINDOW,
  ...NORM,
  ...RESIZE,
}

/**
 * Runs a graph in float64, node by node, and returns its outputs. Slow: for tests and for folding constants.
 *
 * @throws MirageError `operator-unknown`
 */
export function evaluate(graph: Graph, feeds: Record<string, NdArray>): Record<string, NdArray> {
  const values = new Map<string, NdArray>(Object.entries(feeds))
  for (const [name, tensor] of graph.initializers) if (!values.has(name)) values.set(name, fromTensor(tensor))
  for (const node of graph.nodes) {
    const run = node.domain ? undefined : REFERENCE[node.op]
    if (!run) {
      throw new MirageError({
        code: 'operator-unknown',
        message: `The reference interpreter has no operator ${node.op} (node "${node.name}").`,
        remedy: 'Export the model with standard ONNX operators.',
      })
    }
    const inputs = node.inputs.map(name => (name === '' ? undefined : values.get(name)))
    const outputs = run(inputs, node.attributes, node.outputs.length)
    for (const [i, name] of node.outputs.entries()) if (name) values.set(name, outputs[i])
  }
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, values.get(name)!]))
}
