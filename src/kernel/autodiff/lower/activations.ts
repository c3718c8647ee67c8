import { float, text } from '../attributes.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import type { Lower } from './types.ts'

const folded =
  (f: (a: Value, b: Value) => Value): Lower =>
  ({ inputs }) =>
    (inputs as Value[]).reduce(f)

/** Activations and sums that are short to say in simpler operators. */
export const ACTIVATIONS: Record<string, Lower> = {
  Sum: folded(o.add),
  Max: folded(o.maximum),
  Min: folded(o.minimum),
  Mean: ({ inputs }) => o.div((inputs as Value[]).reduce(o.add), inputs.length),
  Gelu: ({ x, attributes }) => {
    if (text(attributes, 'approximate', 'none') === 'none') {
      return o.mul(o.mul(x, 0.5), o.add(o.erf(o.mul(x, Math.SQRT1_2)), 1))
    }
    const inner = o.mul(o.add(x, o.mul(o.mul(x, o.square(x)), 0.044715)), Math.sqrt(2 / Math.PI))
    return o.mul(o.mul(x, 0.5), o.add(o.tanh(inner), 1))
  },
  Swish: ({ x, attributes }) => o.mul(x, o.sigmoid(o.mul(x, float(attributes, 'alpha', 1)))),
  HardSigmoid: ({ x, attributes }) =>
    o.clip(o.add(o.mul(x, float(attributes, 'alpha', 0.2)), float(attributes, 'beta', 0.5)), 0, 1),
  HardSwish: ({ x }) => o.mul(x, o.clip(o.add(o.mul(x, 1 / 6), 0.5), 0, 1)),
  Mish: ({ x }) => o.mul(x, o.tanh(o.softplus(x))),
  // As a factor that depends on the sign, because runtimes multiply several times faster than they compute a PRelu, and
  // the way back is one more multiplication.
  PRelu: ({ x, y: slope }) => o.mul(x, o.where(o.greater(x, 0), 1, slope)),
  Softsign: ({ x }) => o.div(x, o.add(o.abs(x), 1)),
}
