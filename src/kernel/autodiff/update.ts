import * as o from './ops.ts'
import { OPTIMISERS, type OptimiserDefinition, type OptimiserName } from './optimisers/index.ts'
import type { Tape, Value } from './tape.ts'

export interface UpdateSpec {
  optimiser: { name: OptimiserName; settings: unknown }
  /** Gradients longer than this (L2, over all weights) are scaled down to it. */
  clip?: number
  /** Steps whose gradients are averaged for one update. */
  accumulate: number
  /** Decay of a running mean of the weights, which then is the result. */
  ema?: number
}

/** Vectors that go from one step to the next, by slot: the weights, the optimiser's memory and what the spec adds. */
export type State<T> = Record<string, T>

/** The state before the first step. */
export function initialState(spec: UpdateSpec, theta: Float32Array): State<Float32Array> {
  const zeros = () => new Float32Array(theta.length)
  const { definition, settings } = optimiserOf(spec)
  return {
    theta,
    ...Object.fromEntries(definition.memory(settings).map(name => [name, zeros()])),
    ...(spec.accumulate > 1 && { gathered: zeros() }),
    ...(spec.ema !== undefined && { ema: theta.slice() }),
  }
}

export interface Recorded {
  next: State<Value>
  /** Length of the gradient before it is clipped. */
  norm: Value
}

/** Records one update of the state by a gradient, on a tape whose inputs `state/<slot>` are declared here. */
export function recordUpdate(tape: Tape, spec: UpdateSpec, theta: Value, gradient: Value): Recorded {
  const { definition, settings } = optimiserOf(spec)
  const slot = (name: string) => tape.input(`state/${name}`, theta.dims)
  const rate = tape.input('rate', [])
  const step = tape.input('step', [])
  const gathered = spec.accumulate > 1 ? o.add(slot('gathered'), o.div(gradient, spec.accumulate)) : gradient
  const norm = o.sqrt(o.sumOf(o.square(gathered)))
  const clipped = spec.clip === undefined ? gathered : o.mul(gathered, shrink(norm, spec.clip))
  const before = Object.fromEntries(definition.memory(settings).map(name => [name, slot(name)]))
  const updated = definition.update({ theta, gradient: clipped, memory: before, rate, step }, settings)
  const next: State<Value> = { theta: updated.theta, ...updated.memory }
  if (spec.ema !== undefined) {
    const ema = slot('ema')
    before.ema = ema
    next.ema = o.add(ema, o.mul(o.sub(updated.theta, ema), 1 - spec.ema))
  }
  if (spec.accumulate === 1) return { next, norm }
  // Until all of its steps are gathered, an update is computed and dropped: one graph serves both.
  const due = o.greater(tape.input('apply', []), 0.5)
  const old: State<Value> = { ...before, theta }
  const kept = Object.entries(next).map(([name, value]) => [name, o.where(due, value, old[name])])
  return { next: { ...Object.fromEntries(kept), gathered: o.where(due, 0, gathered) }, norm }
}

/** As `torch.nn.utils.clip_grad_norm_`: at most 1, with a little to keep zero gradients from dividing by zero. */
const shrink = (norm: Value, limit: number) => o.minimum(o.mul(o.reciprocal(o.add(norm, 1e-6)), limit), 1)

function optimiserOf({ optimiser }: UpdateSpec): { definition: OptimiserDefinition; settings: never } {
  const definition: OptimiserDefinition = OPTIMISERS[optimiser.name]
  return { definition, settings: definition.settings.parse(optimiser.settings ?? {}) as never }
}
