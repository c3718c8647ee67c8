import * as z from 'zod'
import { MirageError } from '../../errors.ts'
import { inputSize } from '../../metrics/features/input.ts'
import type { Tap } from '../../metrics/features/network.ts'
import { inline } from '../inline.ts'
import { unsupported } from '../lower/unsupported.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import { bicubic, separable } from './filters.ts'
import { defineLoss, type FeatureNetwork, type LossContext, type Role } from './types.ts'

/** Keeps features of no length from dividing by zero, and the gradient of their length finite. */
const EPSILON = 1e-10

/**
 * The taps of a network for an image: batch x channels x places each.
 *
 * @throws MirageError `image-too-small` for the network
 */
export function taps({ manifest, graph }: FeatureNetwork, name: string, image: Value): Value[] {
  const { tape } = image
  const { input } = manifest
  const [height, width] = image.dims.slice(2)
  const size = inputSize({ width, height }, input)
  if (Math.min(size.width, size.height) < input.minimum) {
    throw new MirageError({
      code: 'image-too-small',
      message: `The network of "${name}" needs images of ${input.minimum} pixels at least, and sees crops of ${size.width} x ${size.height}.`,
      remedy:
        'Raise `crop` (it counts pixels of LR), or give the term a `size` that its images are resized to.',
    })
  }
  const resized =
    size.width === width && size.height === height
      ? image
      : separable(
          image,
          bicubic(side => (side === height ? size.height : size.width)),
        )
  const perChannel = (values: readonly number[]) =>
    tape.constant({ type: 'float32', dims: [3, 1, 1], data: Float32Array.from(values) })
  const plain = input.mean.every(v => v === 0) && input.std.every(v => v === 1)
  const fed = plain ? resized : o.div(o.sub(resized, perChannel(input.mean)), perChannel(input.std))
  const wanted = pruned(
    graph,
    manifest.taps.map(tap => tap.output),
  )
  const values = inline(tape, wanted, { [input.name ?? graph.inputs[0].name]: fed }, `${name}/`)
  return manifest.taps.map(tap =>
    tap.layout === 'image' ? o.reshape(resized, flat(resized)) : places(tap, values),
  )
}

/** The part of a graph that some of its values depend on. */
function pruned(graph: FeatureNetwork['graph'], outputs: readonly string[]): FeatureNetwork['graph'] {
  const needed = new Set(outputs)
  const nodes = graph.nodes.toReversed().filter(node => {
    if (!node.outputs.some(name => needed.has(name))) return false
    for (const name of node.inputs) needed.add(name)
    return true
  })
  return { ...graph, nodes: nodes.reverse() }
}

const flat = (x: Value) => [x.dims[0], x.dims[1], o.count(x) / x.dims[0] / x.dims[1]]

function places(tap: Tap, values: ReadonlyMap<string, Value>): Value {
  const output = values.get(tap.output)
  if (!output) throw unsupported({ op: 'Output', name: tap.output }, 'that the network does not have')
  if (tap.layout !== 'tokens')
    return o.reshape(output, flat(output.dims.length === 2 ? o.reshape(output, [...output.dims, 1]) : output))
  const [, count] = output.dims
  const kept = tap.level === 'class' ? o.slice(output, 1, 0, 1) : o.slice(output, 1, tap.skip, count)
  return o.transpose(tap.level === 'mean' ? o.mean(kept, [1]) : kept, [0, 2, 1])
}

const unit = (x: Value) => o.div(x, o.add(o.sqrt(o.add(o.sum(o.square(x), [1]), EPSILON)), EPSILON))

/** The distance of two images by their features, in the form of the network's manifest: a scalar. */
function distance(network: FeatureNetwork, a: readonly Value[], b: readonly Value[]): Value {
  const { manifest, channelWeights } = network
  if (manifest.form === 'dists') return dists(network, a, b)
  const total = manifest.form === 'cosine' ? manifest.taps.reduce((sum, tap) => sum + tap.weight, 0) : 1
  const terms = manifest.taps.map(({ output, weight }, i) => {
    const [p, q] = [unit(a[i]), unit(b[i])]
    if (manifest.form === 'cosine') return o.mul(o.sub(1, o.meanOf(o.sum(o.mul(p, q), [1]))), weight / total)
    const learned = channelWeights?.[output]
    const squares = o.square(o.sub(p, q))
    const weighted = Array.isArray(learned) ? o.mul(squares, channelVector(p, learned)) : squares
    return o.mul(o.meanOf(o.sum(weighted, [1])), weight)
  })
  return terms.reduce(o.add)
}

const channelVector = (like: Value, values: readonly number[]) =>
  like.tape.constant({ type: 'float32', dims: [1, values.length, 1], data: Float32Array.from(values) })

/** Similarity of means and of structure of each channel over the image, c = 1e-6 (Ding et al. 2020). */
function dists(
  { manifest, channelWeights }: FeatureNetwork,
  a: readonly Value[],
  b: readonly Value[],
): Value {
  const c = 1e-6
  let total = 0
  const similar = manifest.taps.map(({ output }, i) => {
    const [x, y] = [a[i], b[i]]
    const learned = channelWeights?.[output]
    const ones = Array.from({ length: x.dims[1] }, () => 1)
    const { alpha, beta } = learned && !Array.isArray(learned) ? learned : { alpha: ones, beta: ones }
    total += [...alpha, ...beta].reduce((p, q) => p + q, 0)
    const [mx, my] = [o.mean(x, [2]), o.mean(y, [2])]
    const [dx, dy] = [o.sub(x, mx), o.sub(y, my)]
    const means = o.div(o.add(o.mul(o.mul(mx, my), 2), c), o.add(o.add(o.square(mx), o.square(my)), c))
    const covariance = o.mean(o.mul(dx, dy), [2])
    const variances = o.mean(o.add(o.square(dx), o.square(dy)), [2])
    const structure = o.div(o.add(o.mul(covariance, 2), c), o.add(variances, c))
    const both = o.add(o.mul(means, channelVector(x, alpha)), o.mul(structure, channelVector(x, beta)))
    return o.div(o.sumOf(both), x.dims[0])
  })
  return o.sub(1, o.div(similar.reduce(o.add), total))
}

/** Enlarged to the size of SR where the image is LR. */
function sized({ image, scale }: LossContext, role: Role): Value {
  return role === 'lr'
    ? separable(
        image('lr'),
        bicubic(size => size * scale),
      )
    : image(role)
}

/** A distance by the features of one network, which gives the loss its name. */
export function featureLoss(name: string) {
  return defineLoss({
    name,
    summary: `Distance by the features of the network "${name}".`,
    settings: z.strictObject({
      to: z
        .enum(['gt', 'lr', 'before'])
        .default('gt')
        .meta({ description: 'Compare with GT, with LR enlarged by bicubic, or with SR before training.' }),
    }),
    needs: ({ to }) => [to],
    source: 'In the form of the network: LPIPS (Zhang et al. 2018), cosine, or DISTS (Ding et al. 2020)',
    build(context, { to }) {
      const network = context.network(name)
      const [a, b] = [context.image('sr'), sized(context, to)].map(image => taps(network, name, image))
      return distance(network, a, b)
    },
  })
}

export const gram = defineLoss({
  name: 'gram',
  summary:
    'Mean absolute difference of the correlations between feature channels to those before training: keeps textures from drifting.',
  settings: z.strictObject({
    network: z.string().default('inception').meta({ description: 'Name of a feature network.' }),
    to: z
      .enum(['before', 'gt'])
      .default('before')
      .meta({ description: 'Compare with SR before training, or with GT.' }),
  }),
  needs: ({ to }) => [to],
  source:
    'The regulariser against reward hacking of RFSR (arXiv 2412.03268); Gatys, Ecker, Bethge, "Image Style Transfer Using Convolutional Neural Networks", 2016',
  build(context, { network: name, to }) {
    const network = context.network(name)
    const matrices = [context.image('sr'), sized(context, to)].map(image =>
      taps(network, name, image).map(x => o.div(o.matmul(x, o.swapLast(x)), x.dims[1] * x.dims[2])),
    )
    const [a, b] = matrices
    return o.div(a.map((x, i) => o.meanOf(o.abs(o.sub(x, b[i])))).reduce(o.add), a.length)
  },
})
