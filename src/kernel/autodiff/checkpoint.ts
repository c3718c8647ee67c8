import { countOf } from '../onnx/elements.ts'
import * as o from './ops.ts'
import { bytesOf, type Call, type Value } from './tape.ts'

/**
 * Activation checkpointing (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016): cuts a run of calls into
 * segments of about equal memory, at places where few bytes cross. Only what crosses is kept until the way back.
 */
export function segmentsOf(calls: readonly Call[], count: number): Call[][] {
  const sizes = calls.map(call => call.outputs.reduce((sum, value) => sum + bytesOf(value), 0))
  const crossing = crossings(calls)
  const total = sizes.reduce((a, b) => a + b, 0)
  const cuts: number[] = []
  let reached = 0
  let best = -1
  for (let i = 0; i < calls.length - 1 && cuts.length < count - 1; i++) {
    reached += sizes[i]
    const goal = (total * (cuts.length + 1)) / count
    // The narrowest place within a quarter of a segment on either side of the even cut.
    if (Math.abs(reached - goal) <= total / count / 4 && (best < 0 || crossing[i] < crossing[best])) best = i
    if (reached > goal + total / count / 4) {
      cuts.push((best < 0 ? i : best) + 1)
      best = -1
    }
  }
  return [...cuts, calls.length].map((end, i) => calls.slice(i === 0 ? 0 : cuts[i - 1], end))
}

/** Bytes that are alive right after each call: made up to there, and used later. */
function crossings(calls: readonly Call[]): number[] {
  const lastUse = new Map<Value, number>()
  for (const [i, { inputs }] of calls.entries()) for (const input of inputs) if (input) lastUse.set(input, i)
  const ends = calls.map(() => 0)
  let alive = 0
  return calls.map(({ outputs }, i) => {
    for (const value of outputs) {
      const last = lastUse.get(value) ?? i
      if (last <= i) continue
      alive += bytesOf(value)
      ends[last] += bytesOf(value)
    }
    alive -= ends[i]
    return alive
  })
}

/** Computes the calls of segments again when the way back comes to them. The last segment is still at hand. */
export class Recomputation {
  readonly #segmentOf = new Map<Call, readonly Call[]>()
  readonly #twins = new Map<Call, Call>()
  readonly #copies = new Map<Value, Value>()
  readonly #done = new Set<readonly Call[]>()
  readonly #still: ReadonlySet<Value>

  /** @param still values that stay where they are: the weights */
  constructor(segments: readonly (readonly Call[])[], still: readonly Value[]) {
    for (const segment of segments.slice(0, -1))
      for (const call of segment) this.#segmentOf.set(call, segment)
    this.#still = new Set(still)
  }

  /** The call whose inputs and outputs a rule may use: the recorded one, or its twin. */
  site(call: Call, known: ReadonlyMap<Value, Value>): Call {
    const segment = this.#segmentOf.get(call)
    if (!segment) return call
    if (!this.#done.has(segment))
      this.#recompute(segment, known.get(call.outputs.find(value => known.has(value))!)!)
    return this.#twins.get(call)!
  }

  #recompute(segment: readonly Call[], gradient: Value): void {
    this.#done.add(segment)
    const inside = new Set(segment.flatMap(call => call.outputs))
    const own = new Map<Value, Value>()
    const late = nothing(gradient)
    const twinOf = (value: Value | undefined) => {
      if (!value || value.constant || this.#still.has(value) || !o.isFloat(value)) return value
      if (inside.has(value)) return own.get(value)
      // Adding nothing that comes from the gradient holds the copy back until the gradient is there, and keeps the
      // runtime from seeing that it computes the same thing twice.
      if (!this.#copies.has(value)) this.#copies.set(value, o.add(value, late))
      return this.#copies.get(value)
    }
    for (const call of segment) {
      const { op, name, attributes } = call
      const outputs = call.outputs.length
      const values = gradient.tape.call(op, call.inputs.map(twinOf), attributes, {
        outputs,
        name: `${name}/again`,
      })
      for (const [i, value] of call.outputs.entries()) own.set(value, values[i])
      this.#twins.set(call, gradient.tape.producer(values[0]) ?? call)
    }
    this.#copies.clear()
  }
}

/** Zero, as a scalar that is only known once `value` is. */
function nothing(value: Value): Value {
  const flat = o.reshape(value, [countOf(value.dims)])
  return o.reshape(o.mul(o.slice(flat, 0, 0, 1), 0), [])
}
