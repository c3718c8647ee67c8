import { MirageError } from '../errors.ts'
import type { ModelManifest } from '../models/manifest.ts'
import type { Graph } from '../onnx/graph.ts'
import { inline } from './inline.ts'
import { type FeatureNetwork, type LossContext, lossOf, type Role } from './losses/index.ts'
import * as o from './ops.ts'
import type { Value } from './tape.ts'

/** A term of the objective with its settings as the loss's schema gives them. */
export interface Term {
  /** Column in the log. */
  name: string
  /** A row of LOSSES, or the name of a feature network. */
  loss: string
  settings: unknown
}

/** A super-resolution network as a function of an image. */
export interface Trainee {
  graph: Graph
  manifest: Pick<ModelManifest, 'id' | 'scale' | 'layout' | 'colour' | 'range'>
}

const RANGES = { '0..1': [1, 0], '0..255': [255, 0], '-1..1': [2, -1] } as const

/**
 * Records a network on a tape: RGB in 0..1, NCHW, in and out, whatever the network itself takes.
 *
 * @throws MirageError `model-untrainable` for a network of luma alone or with several inputs or outputs
 */
export function enlarge(
  { graph, manifest }: Trainee,
  lr: Value,
  weights: ReadonlyMap<string, Value>,
  prefix: string,
): Value {
  if (manifest.colour === 'y' || graph.inputs.length !== 1) {
    throw new MirageError({
      code: 'model-untrainable',
      message: `The model "${manifest.id}" ${manifest.colour === 'y' ? 'works on luma alone' : `takes ${graph.inputs.map(input => input.name).join(', ')}`}; training needs one RGB image in and one out.`,
      remedy: 'Train a model that takes and gives RGB, or export this one with a single image input.',
    })
  }
  const [gain, offset] = RANGES[manifest.range]
  const turn = (x: Value) =>
    manifest.colour === 'bgr'
      ? o.concat(
          [2, 1, 0].map(c => o.slice(x, 1, c, c + 1)),
          1,
        )
      : x
  const last = manifest.layout === 'nhwc'
  const affine = offset === 0 ? o.mul(turn(lr), gain) : o.add(o.mul(turn(lr), gain), offset)
  const fed = last ? o.transpose(affine, [0, 2, 3, 1]) : affine
  const bind = { ...Object.fromEntries(weights), [graph.inputs[0].name]: fed }
  const output = inline(lr.tape, graph, bind, prefix).get(graph.outputs[0].name)!
  const planes = last ? o.transpose(output, [0, 3, 1, 2]) : output
  return turn(offset === 0 ? o.div(planes, gain) : o.div(o.sub(planes, offset), gain))
}

/** Records the terms of an objective for a batch, a scalar each. `before` is asked for only where a term needs the untuned network. */
export function objective(
  terms: readonly Term[],
  images: { sr: Value; lr: Value; gt: Value; before: () => Value },
  context: {
    scale: number
    networks: Readonly<Record<string, FeatureNetwork>>
    theta: Value
    initial: Value
  },
): Value[] {
  let before: Value | undefined
  const image = (role: Role) => {
    if (role !== 'before') return images[role]
    before ??= images.before()
    return before
  }
  const network = (name: string) => {
    const found = context.networks[name]
    if (found) return found
    throw new MirageError({
      code: 'loss-unknown',
      message: `There is no loss or feature network "${name}".`,
      remedy: `Feature networks of this training: ${Object.keys(context.networks).join(', ') || 'none'}.`,
    })
  }
  const { scale, theta, initial } = context
  const at: LossContext = { image, scale, network, theta, initial }
  return terms.map(({ loss, settings }) => {
    const definition = lossOf(loss)
    return o.reshape(definition.build(at, definition.settings.parse(settings ?? {})), [])
  })
}
