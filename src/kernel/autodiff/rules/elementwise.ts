import { float } from '../attributes.ts'
import * as o from '../ops.ts'
import type { Value } from '../tape.ts'
import type { Rule } from './types.ts'

/** `yes` where `x` is positive, `no` elsewhere. */
const positive = (x: Value, yes: Value | number, no: Value | number) => o.where(o.greater(x, 0), yes, no)

/** The larger operand takes the gradient; equal ones share it. */
const winner = (dy: Value, mine: Value, other: Value) =>
  o.where(o.greater(mine, other), dy, o.where(o.equal(mine, other), o.mul(dy, 0.5), 0))

/** The derivative is zero wherever it exists. */
const flat: Rule = []

export const ELEMENTWISE: Record<string, Rule> = {
  Add: [({ dy }) => dy, ({ dy }) => dy],
  Sub: [({ dy }) => dy, ({ dy }) => o.neg(dy)],
  Mul: [({ dy, b }) => o.mul(dy, b), ({ dy, a }) => o.mul(dy, a)],
  Div: [({ dy, b }) => o.div(dy, b), ({ dy, y, b }) => o.neg(o.div(o.mul(dy, y), b))],
  Pow: [
    ({ dy, a, b }) => o.mul(dy, o.mul(b, o.pow(a, o.sub(b, 1)))),
    ({ dy, a, y }) => o.mul(dy, o.mul(y, o.log(a))),
  ],
  Mod: [({ dy }) => dy],
  Max: [({ dy, a, b }) => winner(dy, a, b), ({ dy, a, b }) => winner(dy, b, a)],
  Min: [({ dy, a, b }) => winner(dy, b, a), ({ dy, a, b }) => winner(dy, a, b)],
  Where: [undefined, ({ dy, a }) => o.where(a, dy, 0), ({ dy, a }) => o.where(a, 0, dy)],
  Clip: [
    ({ dy, a, b, c }) => {
      const above = b && o.atLeast(a, b)
      const below = c && o.atMost(a, c)
      const inside = above && below ? o.and(above, below) : (above ?? below)
      return inside ? o.where(inside, dy, 0) : dy
    },
  ],
  Cast: [({ dy, a }) => o.cast(dy, a.type)],

  Neg: [({ dy }) => o.neg(dy)],
  Abs: [({ dy, a }) => positive(a, dy, o.where(o.less(a, 0), o.neg(dy), 0))],
  Exp: [({ dy, y }) => o.mul(dy, y)],
  Log: [({ dy, a }) => o.div(dy, a)],
  Sqrt: [({ dy, y }) => o.div(o.mul(dy, 0.5), y)],
  Sin: [({ dy, a }) => o.mul(dy, o.cos(a))],
  Cos: [({ dy, a }) => o.neg(o.mul(dy, o.sin(a)))],
  Reciprocal: [({ dy, y }) => o.neg(o.mul(dy, o.square(y)))],
  Erf: [({ dy, a }) => o.mul(dy, o.mul(o.exp(o.neg(o.square(a))), 2 / Math.sqrt(Math.PI)))],
  Tanh: [({ dy, y }) => o.mul(dy, o.sub(1, o.square(y)))],
  Sigmoid: [({ dy, y }) => o.mul(dy, o.mul(y, o.sub(1, y)))],
  Softplus: [({ dy, a }) => o.mul(dy, o.sigmoid(a))],
  // By the output's sign where it has the input's, so that the input need not be kept.
  Relu: [({ dy, y }) => positive(y, dy, 0)],
  LeakyRelu: [
    ({ dy, a, y, attributes }) => {
      const slope = float(attributes, 'alpha', 0.01)
      return positive(slope >= 0 ? y : a, dy, o.mul(dy, slope))
    },
  ],
  Elu: [({ dy, a, y, attributes }) => positive(a, dy, o.mul(dy, o.add(y, float(attributes, 'alpha', 1))))],

  Floor: flat,
  Ceil: flat,
  Round: flat,
  Sign: flat,
}
