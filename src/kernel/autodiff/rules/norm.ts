import { axisOf, float, int } from '../attributes.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import type { At, Rule } from './types.ts'

/**
 * Through `xhat = (x - mean) * inverse` over some axes: what moves the mean or the spread of `dxhat` is taken out of it.
 */
function standardised(dxhat: Value, xhat: Value, inverse: Value, axes: readonly number[]): Value {
  const level = o.mean(dxhat, axes)
  const slope = o.mean(o.mul(dxhat, xhat), axes)
  return o.mul(o.sub(o.sub(dxhat, level), o.mul(xhat, slope)), inverse)
}

const from = (axis: number, x: Value) => x.dims.map((_, i) => i).slice(axis)

const layerAxes = ({ a, attributes }: At) => from(axisOf(int(attributes, 'axis', -1), a.dims.length), a)

/** LayerNormalization has computed its mean and inverse deviation already: they are its optional outputs. */
function layer(at: At): { xhat: Value; inverse: Value } {
  const { a, call, tape } = at
  const dims = a.dims.map((size, axis) => (layerAxes(at).includes(axis) ? 1 : size))
  while (call.outputs.length < 3) tape.extend(call, dims)
  const [, mean, inverse] = call.outputs
  return { xhat: o.mul(o.sub(a, mean), inverse), inverse }
}

function instance({ a, attributes }: At): { xhat: Value; inverse: Value } {
  const centred = o.sub(a, o.mean(a, from(2, a)))
  const variance = o.mean(o.square(centred), from(2, a))
  const inverse = o.reciprocal(o.sqrt(o.add(variance, float(attributes, 'epsilon', 1e-5))))
  return { xhat: o.mul(centred, inverse), inverse }
}

const byChannel = (vector: Value, x: Value) => o.reshape(vector, [vector.dims[0], ...from(2, x).map(() => 1)])
/** Sums to one number per channel. */
const perChannel = (x: Value, like: Value) =>
  o.reshape(
    o.sumTo(
      x,
      x.dims.map((size, axis) => (axis === 1 ? size : 1)),
    ),
    like.dims,
  )

export const NORM: Record<string, Rule> = {
  LayerNormalization: [
    at => {
      const { xhat, inverse } = layer(at)
      return standardised(o.mul(at.dy, at.b), xhat, inverse, layerAxes(at))
    },
    at => o.mul(at.dy, layer(at).xhat),
    ({ dy }) => dy,
  ],
  InstanceNormalization: [
    at => {
      const { xhat, inverse } = instance(at)
      return standardised(o.mul(at.dy, byChannel(at.b, at.a)), xhat, inverse, from(2, at.a))
    },
    at => perChannel(o.mul(at.dy, instance(at).xhat), at.b),
    at => perChannel(at.dy, at.c),
  ],
}
