import { dataTypeOf } from '../../onnx/elements.ts'
import type { DataType } from '../../onnx/graph.ts'
import { type Attributes, float, int, text } from '../attributes.ts'
import { broadcast } from '../broadcast.ts'
import { at, build, type NdArray } from './array.ts'
import { erf } from './erf.ts'
import type { Evaluate } from './types.ts'

const unary =
  (f: (x: number, attributes: Attributes) => number): Evaluate =>
  ([x], attributes) => [{ ...x!, data: x!.data.map(value => f(value, attributes)) }]

/** Any number of operands, combined from left to right. */
const fold =
  (f: (a: number, b: number) => number, type?: DataType): Evaluate =>
  inputs => {
    const operands = inputs as NdArray[]
    const dims = broadcast(...operands.map(operand => operand.dims))!
    const element = (index: readonly number[]) =>
      operands.map(operand => at(operand, index)).reduce((a, b) => f(a, b))
    return [build(type ?? operands[0].type, dims, element)]
  }

const compare = (f: (a: number, b: number) => boolean) => fold((a, b) => (f(a, b) ? 1 : 0), 'bool')

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const hardSigmoid = (x: number, alpha: number, beta: number) => Math.min(1, Math.max(0, alpha * x + beta))
const isInteger = (type: DataType) => type !== 'float32' && type !== 'float64' && type !== 'float16'

/** ONNX rounds halves to even. */
function round(x: number): number {
  const nearest = Math.round(x)
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest
}

function gelu(x: number, attributes: Attributes): number {
  if (text(attributes, 'approximate', 'none') === 'none') return (x / 2) * (1 + erf(x / Math.SQRT2))
  return (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
}

export const ELEMENTWISE: Record<string, Evaluate> = {
  Identity: ([x]) => [x!],
  Dropout: ([x]) => [x!],
  Neg: unary(x => -x),
  Abs: unary(Math.abs),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Reciprocal: unary(x => 1 / x),
  Erf: unary(erf),
  Sigmoid: unary(sigmoid),
  Tanh: unary(Math.tanh),
  Softplus: unary(softplus),
  Softsign: unary(x => x / (1 + Math.abs(x))),
  Mish: unary(x => x * Math.tanh(softplus(x))),
  Relu: unary(x => Math.max(x, 0)),
  LeakyRelu: unary((x, a) => (x < 0 ? float(a, 'alpha', 0.01) * x : x)),
  Elu: unary((x, a) => (x < 0 ? float(a, 'alpha', 1) * Math.expm1(x) : x)),
  HardSigmoid: unary((x, a) => hardSigmoid(x, float(a, 'alpha', 0.2), float(a, 'beta', 0.5))),
  HardSwish: unary(x => x * hardSigmoid(x, 1 / 6, 0.5)),
  Gelu: unary(gelu),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(round),
  Sign: unary(Math.sign),
  Not: unary(x => (x === 0 ? 1 : 0)),
  Add: fold((a, b) => a + b),
  Sub: fold((a, b) => a - b),
  Mul: fold((a, b) => a * b),
  Sum: fold((a, b) => a + b),
  Max: fold(Math.max),
  Min: fold(Math.min),
  And: fold((a, b) => a && b),
  Or: fold((a, b) => a || b),
  Xor: compare((a, b) => a !== b),
  Equal: compare((a, b) => a === b),
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  Greater: compare((a, b) => a > b),
  GreaterOrEqual: compare((a, b) => a >= b),
  Pow: fold((a, b) => a ** b),
  PRelu: fold((x, slope) => (x < 0 ? slope * x : x)),
  Div: (inputs, attributes, outputs) =>
    isInteger(inputs[0]!.type)
      ? fold((a, b) => Math.trunc(a / b))(inputs, attributes, outputs)
      : fold((a, b) => a / b)(inputs, attributes, outputs),
  Mod: (inputs, attributes, outputs) =>
    int(attributes, 'fmod', 0)
      ? fold((a, b) => a % b)(inputs, attributes, outputs)
      : fold((a, b) => a - b * Math.floor(a / b))(inputs, attributes, outputs),
  Mean: (inputs, attributes, outputs) => {
    const [sum] = fold((a, b) => a + b)(inputs, attributes, outputs)
    return [{ ...sum, data: sum.data.map(value => value / inputs.length) }]
  },
  Where: inputs => {
    const [condition, a, b] = inputs as NdArray[]
    const dims = broadcast(condition.dims, a.dims, b.dims)!
    return [build(a.type, dims, index => (at(condition, index) ? at(a, index) : at(b, index)))]
  },
  Clip: ([x, min, max]) => {
    const low = min?.data[0] ?? Number.NEGATIVE_INFINITY
    const high = max?.data[0] ?? Number.POSITIVE_INFINITY
    return [{ ...x!, data: x!.data.map(value => Math.min(Math.max(value, low), high)) }]
  },
  Cast: ([x], attributes) => {
    const type = dataTypeOf(int(attributes, 'to', 1)) ?? 'float32'
    if (type === 'bool') return [{ ...x!, type, data: x!.data.map(value => (value === 0 ? 0 : 1)) }]
    return [{ ...x!, type, data: isInteger(type) ? x!.data.map(Math.trunc) : x!.data }]
  },
  CastLike: ([x, like]) => [{ ...x!, type: like!.type }],
}
