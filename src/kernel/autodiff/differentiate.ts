import { MirageError } from '../errors.ts'
import type { Graph } from '../onnx/graph.ts'
import { Recomputation } from './checkpoint.ts'
import { inline, TAPE_OPSET } from './inline.ts'
import * as o from './ops.ts'
import { type Gradient, RULES } from './rules/index.ts'
import { type Call, Tape, type Value } from './tape.ts'

export interface GradientOptions {
  /** Stretches of calls whose results are computed again on the way back instead of being kept (checkpoint.ts). */
  segments?: readonly (readonly Call[])[]
}

/**
 * Records, on the loss's tape, the gradients of a scalar with respect to some values, which count as independent of
 * each other: reverse-mode differentiation. Undefined for a value that the loss does not depend on.
 *
 * It walks the calls backwards. Where the gradient of a call's output is known, the operator's rule gives those of its
 * inputs, which are summed to the input's shape where broadcasting had stretched it and added up over all uses.
 *
 * @throws MirageError `no-gradient-rule` naming the operator and the node
 */
export function gradients(
  loss: Value,
  wrt: readonly Value[],
  { segments = [] }: GradientOptions = {},
): (Value | undefined)[] {
  const { tape } = loss
  const calls = [...tape.calls]
  const reached = dependents(calls, wrt)
  const known = new Map<Value, Value>([[loss, o.expand(tape.scalar(1, loss.type), loss.dims)]])
  const leaves = new Set(wrt)
  const again = new Recomputation(segments, wrt)
  for (const call of calls.toReversed()) {
    if (call.outputs.some(output => leaves.has(output)) || !known.has(call.outputs[0])) continue
    for (const [input, gradient] of backward(call, again.site(call, known), reached, known)) {
      const before = known.get(input)
      known.set(input, before ? o.add(before, gradient) : gradient)
    }
  }
  return wrt.map(value => known.get(value))
}

/** Values that depend on any of `wrt` through floating-point numbers. */
function dependents(calls: readonly Call[], wrt: readonly Value[]): Set<Value> {
  const reached = new Set(wrt)
  for (const { inputs, outputs } of calls) {
    if (!inputs.some(input => input && reached.has(input))) continue
    for (const output of outputs) if (o.isFloat(output)) reached.add(output)
  }
  return reached
}

/** The gradients that one call passes on, input by input; the rules see it where its values are at hand. */
function backward(
  call: Call,
  site: Call,
  reached: ReadonlySet<Value>,
  known: ReadonlyMap<Value, Value>,
): [Value, Value][] {
  const dy = known.get(call.outputs[0])!
  const { inputs, outputs, attributes } = site
  const [y] = outputs
  const [a, b, c] = inputs as Value[]
  const at = { dy, y, a, b, c, inputs, outputs, attributes, tape: y.tape, call: site }
  return call.inputs.flatMap((input, i) => {
    if (!input || !reached.has(input)) return []
    const gradient = ruleOf(call, i)?.(at)
    return gradient ? [[input, o.sumTo(gradient, input.dims)] as [Value, Value]] : []
  })
}

function ruleOf(call: Call, input: number): Gradient | undefined {
  const rule = RULES[call.op]
  if (rule) return typeof rule === 'function' ? rule(input) : rule[input]
  throw new MirageError({
    code: 'no-gradient-rule',
    message: `There is no gradient rule for ${call.op} (node "${call.name}").`,
    remedy: 'Keep this node out of the way between the trained weights and the loss, or add a rule for it.',
  })
}

export interface DifferentiateOptions {
  /** Sizes of every input; a name absent here must have fixed sizes in the graph. */
  dims?: Readonly<Record<string, readonly number[]>>
  /** Name of a scalar value. */
  loss: string
  /** Names of inputs, initializers or any other values. */
  wrt: readonly string[]
}

/**
 * A graph that gives the loss and its gradients, `grad/<name>` for each of `wrt`. Initializers among `wrt` become inputs.
 *
 * @throws MirageError `no-gradient-rule`, `operator-unsupported`, `shape-not-static`, `shape-mismatch`
 */
export function differentiate(graph: Graph, { dims = {}, loss, wrt }: DifferentiateOptions): Graph {
  const tape = new Tape()
  const bind: Record<string, Value> = {}
  for (const input of graph.inputs) {
    const sizes = dims[input.name] ?? input.dims.map(size => fixed(input.name, size))
    bind[input.name] = tape.input(input.name, sizes, input.type)
  }
  for (const name of wrt) {
    const tensor = graph.initializers.get(name)
    if (tensor) bind[name] = tape.input(name, tensor.dims, tensor.type)
  }
  const values = inline(tape, graph, bind)
  const targets = wrt.map(name => values.get(name)!)
  const results = gradients(values.get(loss)!, targets)
  const outputs = Object.fromEntries(
    wrt.map((name, i) => [`grad/${name}`, results[i] ?? o.zeros(targets[i])]),
  )
  return tape.graph(`${graph.name}/backward`, { [loss]: values.get(loss)!, ...outputs }, TAPE_OPSET)
}

function fixed(input: string, size: number | string): number {
  if (typeof size === 'number') return size
  throw new MirageError({
    code: 'shape-not-static',
    message: `The size "${size}" of input "${input}" is not fixed.`,
    remedy: 'Give the sizes of every input.',
  })
}
