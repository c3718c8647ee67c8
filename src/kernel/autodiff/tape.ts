import { MirageError } from '../errors.ts'
import { countOf, ELEMENTS } from '../onnx/elements.ts'
import type { DataType, Graph, Node, Tensor } from '../onnx/graph.ts'
import type { Attributes } from './attributes.ts'
import { fromTensor, toTensor } from './reference/array.ts'
import { REFERENCE } from './reference/index.ts'
import { SHAPES, type Signature } from './shapes/index.ts'

/** A tensor in a graph under construction. Its shape is known; where `constant` is set, so are its elements. */
export interface Value {
  readonly tape: Tape
  readonly name: string
  readonly type: DataType
  readonly dims: readonly number[]
  readonly constant?: Tensor
}

/** One application of an operator. */
export interface Call {
  readonly op: string
  readonly name: string
  readonly inputs: readonly (Value | undefined)[]
  readonly outputs: Value[]
  readonly attributes: Attributes
}

export interface CallOptions {
  outputs?: number
  /** Becomes the node's and its first output's name, with a number when taken. */
  name?: string
}

/**
 * A graph under construction whose every value has a static shape. It records calls in order, which makes it what
 * reverse-mode differentiation walks back over.
 *
 * Equal calls on equal inputs are recorded once, and calls on constants are computed on the spot, so that rules can be
 * written without a thought for what they share.
 */
export class Tape {
  readonly inputs: Value[] = []
  readonly calls: Call[] = []
  readonly #taken = new Map<string, number>()
  readonly #known = new Map<string, Call>()
  readonly #producers = new Map<Value, Call>()
  readonly #folded = new Map<string, Value[]>()
  readonly #scalars = new Map<string, Value>()

  /** A runtime input, under exactly this name. */
  input(name: string, dims: readonly number[], type: DataType = 'float32'): Value {
    if (this.#taken.has(name)) throw new Error(`value name "${name}" is taken`)
    const value = { tape: this, name: this.#fresh(name), type, dims }
    this.inputs.push(value)
    return value
  }

  constant(tensor: Tensor, name = 'constant'): Value {
    if (countOf(tensor.dims) > 64) return this.#newConstant(tensor, name)
    const key = `${tensor.type}[${tensor.dims}]${tensor.data.join()}`
    const known = this.#scalars.get(key) ?? this.#newConstant(tensor, name)
    this.#scalars.set(key, known)
    return known
  }

  scalar(value: number, type: DataType = 'float32'): Value {
    return this.constant(toTensor({ type, dims: [], data: Float64Array.of(value) }))
  }

  /** A vector of 64-bit integers: shapes, axes, pads. */
  vector(values: readonly number[]): Value {
    return this.constant({ type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) })
  }

  /** Applies an operator and returns its first output. */
  op(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}, name?: string): Value {
    return this.call(op, inputs, attributes, { name })[0]
  }

  /**
   * Applies an operator.
   *
   * @throws MirageError `operator-unsupported` for an operator without a shape rule, `shape-not-static` where the shape
   * depends on data
   */
  call(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes = {},
    { outputs = 1, name = op.toLowerCase() }: CallOptions = {},
  ): Value[] {
    const key = `${op}(${inputs.map(input => input?.name ?? '')})${outputs}${JSON.stringify(attributes)}`
    const known = this.#known.get(key)?.outputs ?? this.#folded.get(key)
    if (known) return known
    const signatures = this.#infer(op, inputs, attributes, outputs, name)
    const folded = this.#fold(op, inputs, attributes, signatures, name)
    if (folded) {
      this.#folded.set(key, folded)
      return folded
    }
    const values = signatures.map(({ type, dims }) => ({ tape: this, name: this.#fresh(name), type, dims }))
    const call: Call = { op, name: values[0].name, inputs, outputs: values, attributes }
    this.calls.push(call)
    this.#known.set(key, call)
    for (const value of values) this.#producers.set(value, call)
    return values
  }

  /** The call that computes a value; none for inputs and constants. */
  producer(value: Value): Call | undefined {
    return this.#producers.get(value)
  }

  /** Asks a recorded call for one more of its operator's outputs (LayerNormalization's statistics). */
  extend(call: Call, dims: readonly number[]): Value {
    const value = {
      tape: this,
      name: this.#fresh(`${call.name}_${call.outputs.length}`),
      type: call.outputs[0].type,
      dims,
    }
    call.outputs.push(value)
    return value
  }

  /** The graph that computes the named outputs, without the calls that nothing needs. */
  graph(name: string, outputs: Record<string, Value>, opset: number): Graph {
    const needed = new Set(Object.values(outputs))
    const calls: Call[] = []
    for (const call of this.calls.toReversed()) {
      if (!call.outputs.some(value => needed.has(value))) continue
      for (const input of call.inputs) if (input) needed.add(input)
      calls.push(call)
    }
    calls.reverse()
    const names = this.#names(outputs)
    const nameOf = (value: Value) => names.get(value) ?? value.name
    const nodes = calls.map(call => nodeOf(call, nameOf))
    const graph: Graph = {
      name,
      opset,
      inputs: [],
      outputs: [],
      nodes,
      initializers: new Map(),
      metadata: {},
    }
    for (const value of needed) if (value.constant) graph.initializers.set(nameOf(value), value.constant)
    for (const { name, type, dims } of this.inputs) graph.inputs.push({ name, type, dims: [...dims] })
    for (const [name, value] of Object.entries(outputs)) {
      graph.outputs.push({ name, type: value.type, dims: [...value.dims] })
      if (nameOf(value) === name) continue
      nodes.push({ op: 'Identity', name, inputs: [nameOf(value)], outputs: [name], attributes: {} })
    }
    return graph
  }

  /** Names that differ from the recorded ones: an output takes its own, and whoever had that name gives way. */
  #names(outputs: Record<string, Value>): Map<Value, string> {
    const names = new Map<Value, string>()
    const computed = new Set(this.calls.flatMap(call => call.outputs))
    for (const [name, value] of Object.entries(outputs)) {
      if (computed.has(value) && !names.has(value)) names.set(value, name)
    }
    const given = new Set(Object.keys(outputs))
    const constants = this.calls.flatMap(call => call.inputs.filter(input => input?.constant))
    for (const value of [...computed, ...constants]) {
      if (value && !names.has(value) && given.has(value.name)) names.set(value, `${value.name}~`)
    }
    return names
  }

  #newConstant(tensor: Tensor, name: string): Value {
    return { tape: this, name: this.#fresh(name), type: tensor.type, dims: tensor.dims, constant: tensor }
  }

  #fresh(name: string): string {
    const count = this.#taken.get(name)
    this.#taken.set(name, (count ?? 0) + 1)
    return count === undefined ? name : this.#fresh(`${name}~${count}`)
  }

  #infer(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    outputs: number,
    name: string,
  ) {
    const shape = SHAPES[op]
    if (!shape) {
      throw new MirageError({
        code: 'operator-unsupported',
        message: `The operator ${op} (node "${name}") is not among those that Mirage can train through.`,
        remedy: 'Export the model with standard ONNX operators, without control flow or fused ones.',
      })
    }
    const elements = (index: number): number[] | undefined => {
      const input = inputs[index]
      if (!input) return undefined
      if (input.constant) return [...fromTensor(input.constant).data]
      throw new MirageError({
        code: 'shape-not-static',
        message: `The shape of ${op} (node "${name}") depends on data (its input ${index}, "${input.name}").`,
        remedy: 'Export the model with shapes that follow from the input sizes alone.',
      })
    }
    return shape({ op, name, inputs, attributes, outputs, elements })
  }

  /** Computes a call on constants now, unless that would store far more than it reads. */
  #fold(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    signatures: readonly Signature[],
    name: string,
  ): Value[] | undefined {
    if (inputs.some(input => input && !input.constant)) return undefined
    const read = inputs.reduce((sum, input) => sum + countOf(input?.dims ?? []), 0)
    const stored = signatures.reduce((sum, { dims }) => sum + countOf(dims), 0)
    if (!REFERENCE[op] || stored > Math.max(4096, 2 * read)) return undefined
    if (signatures.some(({ type }) => type === 'float16')) return undefined
    const arrays = inputs.map(input => input && fromTensor(input.constant!))
    const results = REFERENCE[op](arrays, attributes, signatures.length)
    return results.slice(0, signatures.length).map(result => this.constant(toTensor(result), name))
  }
}

function nodeOf({ op, name, inputs, outputs, attributes }: Call, nameOf: (value: Value) => string): Node {
  return {
    op,
    name,
    inputs: inputs.map(input => (input ? nameOf(input) : '')),
    outputs: outputs.map(nameOf),
    attributes: { ...attributes },
  }
}

/** Bytes of a value at run time. */
export function bytesOf(value: Value): number {
  return countOf(value.dims) * ELEMENTS[value.type].Data.BYTES_PER_ELEMENT
}
