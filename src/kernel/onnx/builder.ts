import { countOf, ELEMENTS } from './elements.ts'
import type { Attribute, DataType, Dim, Graph, Tensor, ValueInfo } from './graph.ts'

/** Operator set that graphs built by Mirage declare. */
export const OPSET = 17

/** Builds a graph node by node. Methods return value names; a name is never used twice. */
export class GraphBuilder {
  readonly graph: Graph
  readonly #taken = new Set<string>()
  readonly #counters = new Map<string, number>()

  constructor(name: string, opset = OPSET) {
    this.graph = {
      name,
      opset,
      inputs: [],
      outputs: [],
      nodes: [],
      initializers: new Map(),
      metadata: {},
    }
  }

  /** Goes on from an existing graph, which is not changed: its lists are copied, its tensors shared. */
  static from(graph: Graph): GraphBuilder {
    const builder = new GraphBuilder(graph.name, graph.opset)
    builder.graph.inputs.push(...graph.inputs)
    builder.graph.outputs.push(...graph.outputs)
    builder.graph.nodes.push(...graph.nodes)
    for (const [name, tensor] of graph.initializers) builder.graph.initializers.set(name, tensor)
    Object.assign(builder.graph.metadata, graph.metadata)
    for (const { name } of graph.inputs) builder.#taken.add(name)
    for (const name of graph.initializers.keys()) builder.#taken.add(name)
    for (const node of graph.nodes) for (const name of node.outputs) builder.#taken.add(name)
    return builder
  }

  /** A value name that is not taken: the hint itself, or the hint with a number. */
  fresh(hint: string): string {
    let name = hint
    while (this.#taken.has(name)) {
      const count = (this.#counters.get(hint) ?? 0) + 1
      this.#counters.set(hint, count)
      name = `${hint}_${count}`
    }
    this.#taken.add(name)
    return name
  }

  /** Declares a runtime input under exactly this name. */
  input(name: string, type: DataType, dims: Dim[]): string {
    if (this.#taken.has(name)) throw new Error(`value name "${name}" is taken`)
    this.#taken.add(name)
    this.graph.inputs.push({ name, type, dims })
    return name
  }

  /** Declares an existing value as an output of the graph. */
  output(name: string, type: DataType, dims: Dim[]): void {
    const info: ValueInfo = { name, type, dims }
    this.graph.outputs.push(info)
  }

  /** Adds a constant. */
  initializer(hint: string, tensor: Tensor): string {
    if (tensor.data.length !== countOf(tensor.dims)) {
      throw new Error(`"${hint}": ${tensor.data.length} elements do not fill [${tensor.dims}]`)
    }
    const name = this.fresh(hint)
    this.graph.initializers.set(name, tensor)
    return name
  }

  /** Adds a constant of 32-bit floats; a scalar without `dims`. */
  floats(hint: string, values: ArrayLike<number>, dims: number[] = []): string {
    return this.initializer(hint, { type: 'float32', dims, data: Float32Array.from(values) })
  }

  /** Adds a one-dimensional constant of 64-bit integers (shapes, axes). */
  ints(hint: string, values: number[]): string {
    const data = BigInt64Array.from(values, BigInt)
    return this.initializer(hint, { type: 'int64', dims: [values.length], data })
  }

  /** Adds a node with one output and returns the output's name, which begins with `hint` (by default the operator's name). */
  node(
    op: string,
    inputs: string[],
    attributes: Record<string, Attribute> = {},
    hint = op.toLowerCase(),
  ): string {
    return this.nodeOutputs(op, inputs, 1, attributes, hint)[0]
  }

  /** Adds a node with several outputs. */
  nodeOutputs(
    op: string,
    inputs: string[],
    count: number,
    attributes: Record<string, Attribute> = {},
    hint = op.toLowerCase(),
  ): string[] {
    const outputs = Array.from({ length: count }, () => this.fresh(hint))
    this.graph.nodes.push({ op, name: outputs[0], inputs, outputs, attributes })
    return outputs
  }

  /** Adds a Cast; the same name comes back in another element type. */
  cast(value: string, to: DataType, hint = 'cast'): string {
    return this.node('Cast', [value], { to: { int: ELEMENTS[to].code } }, hint)
  }
}
