import type { Graph } from '../onnx/graph.ts'
import type { Adapted } from './adapters/index.ts'
import { segmentsOf } from './checkpoint.ts'
import { gradients } from './differentiate.ts'
import { TAPE_OPSET } from './inline.ts'
import { flatten, type Layout, layoutOf, pack, views } from './layout.ts'
import { sharpness } from './losses/filters.ts'
import type { FeatureNetwork } from './losses/index.ts'
import { enlarge, objective, type Term, type Trainee } from './objective.ts'
import * as o from './ops.ts'
import { type Call, Tape, type Value } from './tape.ts'
import { initialState, recordUpdate, type State, type UpdateSpec } from './update.ts'

export interface StepSpec {
  /** The network before training, and how it is fed. */
  trainee: Trainee
  adapted: Adapted
  terms: readonly Term[]
  /** Feature networks by the name that terms use. */
  networks: Readonly<Record<string, FeatureNetwork>>
  /** Images at a time, and side of their LR crop in pixels. */
  batch: number
  crop: number
}

export interface StepGraph {
  graph: Graph
  /** Where the trained tensors lie in the state's vectors. */
  layout: Layout
  /** The state before the first step. */
  state: State<Float32Array>
}

/**
 * One training step as one graph: network, losses, their gradient and the optimiser. Inputs and outputs by name:
 *
 * - `lr` [batch, 3, crop, crop] and `gt`, `scale` times as large: RGB, 0..1
 * - `weights` [terms]: what each term counts now
 * - `rate`, `step`: scalars, the learning rate and the number of the update from 1
 * - `apply`: scalar, 1 where this step completes an update; only with accumulation
 * - `state/<slot>` and `next/<slot>` [count]: the vectors that go from step to step
 * - `loss`, `norm` (of the gradient), scalars, and `terms` [terms]
 *
 * @param segments in how many the network's activations are kept, the others being computed twice; 1 keeps all
 * @throws MirageError of inlining and differentiation: `operator-unsupported`, `shape-not-static`, `shape-mismatch`,
 * `no-gradient-rule`, `model-untrainable`, `loss-unknown`
 */
export function stepGraph(spec: StepSpec, update: UpdateSpec, segments = 1): StepGraph {
  const tape = new Tape()
  const { layout, theta, start, variables, calls, terms } = record(tape, spec)
  const loss = o.sumOf(o.mul(terms, tape.input('weights', terms.dims)))
  const [direct, ...parts] = gradients(loss, [theta, ...variables], { segments: segmentsOf(calls, segments) })
  const through = flatten(parts.map((part, i) => part ?? o.zeros(variables[i])))
  const { next, norm } = recordUpdate(tape, update, theta, direct ? o.add(through, direct) : through)
  const outputs = Object.fromEntries(Object.entries(next).map(([slot, value]) => [`next/${slot}`, value]))
  const graph = tape.graph(`${spec.trainee.manifest.id}/step`, { loss, terms, norm, ...outputs }, TAPE_OPSET)
  return { graph, layout, state: initialState(update, start) }
}

/**
 * The network and its losses alone, to look at images that are not trained on: `state/theta`, `lr` and `gt` in; `sr`,
 * `terms` and `sharpness` [batch] out.
 */
export function evaluationGraph(spec: StepSpec): Graph {
  const tape = new Tape()
  const { terms, sr } = record(tape, spec)
  return tape.graph(
    `${spec.trainee.manifest.id}/evaluation`,
    { sr, terms, sharpness: sharpness(sr) },
    TAPE_OPSET,
  )
}

interface Forward {
  layout: Layout
  start: Float32Array
  theta: Value
  /** Views of `theta` as the network's tensors. */
  variables: Value[]
  /** The calls of the trained network. */
  calls: Call[]
  sr: Value
  /** All terms, as a vector. */
  terms: Value
}

function record(tape: Tape, { trainee, adapted, terms, networks, batch, crop }: StepSpec): Forward {
  const { scale } = trainee.manifest
  const layout = layoutOf(adapted.graph, adapted.trained)
  const start = pack(layout, adapted.graph)
  const theta = tape.input('state/theta', [layout.count])
  const lr = tape.input('lr', [batch, 3, crop, crop])
  const gt = tape.input('gt', [batch, 3, crop * scale, crop * scale])
  const weights = views(layout, theta)
  const first = tape.calls.length
  const sr = enlarge({ ...trainee, graph: adapted.graph }, lr, weights, '')
  const calls = tape.calls.slice(first)
  const before = () => enlarge(trainee, lr, new Map(), 'before/')
  const initial = tape.constant({ type: 'float32', dims: [layout.count], data: start }, 'initial')
  const values = objective(terms, { sr, lr, gt, before }, { scale, networks, theta, initial })
  return { layout, start, theta, variables: [...weights.values()], calls, sr, terms: flatten(values) }
}
