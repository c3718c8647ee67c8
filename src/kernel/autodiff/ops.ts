import { countOf, ELEMENTS } from '../onnx/elements.ts'
import type { DataType } from '../onnx/graph.ts'
import type { Attributes } from './attributes.ts'
import { broadcast } from './broadcast.ts'
import type { Value } from './tape.ts'

/**
 * The vocabulary in which gradients, losses and optimisers are written: operators as functions on values. Plain numbers
 * stand for scalars. Calls that would change nothing return their input.
 */
type Operand = Value | number

function tapeOf(operands: readonly Operand[]) {
  const value = operands.find(operand => typeof operand !== 'number')
  if (!value) throw new Error('an operator needs at least one value that is not a plain number')
  return value
}

function apply(op: string, operands: readonly Operand[], attributes: Attributes = {}): Value {
  const like = tapeOf(operands)
  const type = operands.find(operand => typeof operand !== 'number' && operand.type !== 'bool') ?? like
  const inputs = operands.map(o => (typeof o === 'number' ? like.tape.scalar(o, (type as Value).type) : o))
  return like.tape.op(op, inputs, attributes)
}

const sameDims = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, axis) => size === b[axis])

export const neg = (x: Value) => apply('Neg', [x])
export const exp = (x: Value) => apply('Exp', [x])
export const log = (x: Value) => apply('Log', [x])
export const sqrt = (x: Value) => apply('Sqrt', [x])
export const sin = (x: Value) => apply('Sin', [x])
export const cos = (x: Value) => apply('Cos', [x])
export const abs = (x: Value) => apply('Abs', [x])
export const erf = (x: Value) => apply('Erf', [x])
export const tanh = (x: Value) => apply('Tanh', [x])
export const sigmoid = (x: Value) => apply('Sigmoid', [x])
export const relu = (x: Value) => apply('Relu', [x])
export const softplus = (x: Value) => apply('Softplus', [x])
export const reciprocal = (x: Value) => apply('Reciprocal', [x])
export const square = (x: Value) => mul(x, x)

export const add = (a: Operand, b: Operand) => apply('Add', [a, b])
export const sub = (a: Operand, b: Operand) => apply('Sub', [a, b])
export const pow = (a: Operand, b: Operand) => apply('Pow', [a, b])
export const maximum = (a: Operand, b: Operand) => apply('Max', [a, b])
export const minimum = (a: Operand, b: Operand) => apply('Min', [a, b])
export const greater = (a: Operand, b: Operand) => apply('Greater', [a, b])
export const less = (a: Operand, b: Operand) => apply('Less', [a, b])
export const atLeast = (a: Operand, b: Operand) => apply('GreaterOrEqual', [a, b])
export const atMost = (a: Operand, b: Operand) => apply('LessOrEqual', [a, b])
export const equal = (a: Operand, b: Operand) => apply('Equal', [a, b])
export const and = (a: Value, b: Value) => apply('And', [a, b])
export const where = (condition: Value, a: Operand, b: Operand) => apply('Where', [condition, a, b])

export function mul(a: Operand, b: Operand): Value {
  if (b === 1 && typeof a !== 'number') return a
  if (a === 1 && typeof b !== 'number') return b
  return apply('Mul', [a, b])
}

export function div(a: Operand, b: Operand): Value {
  return typeof b === 'number' ? mul(a, 1 / b) : apply('Div', [a, b])
}

/** Limits to a range. */
export const clip = (x: Value, low: number, high: number) => apply('Clip', [x, low, high])

export function cast(x: Value, type: DataType): Value {
  return x.type === type ? x : apply('Cast', [x], { to: { int: ELEMENTS[type].code } })
}

export const isFloat = (x: { type: DataType }) =>
  x.type === 'float32' || x.type === 'float64' || x.type === 'float16'

function reduce(op: string, x: Value, axes: readonly number[] | undefined, keep: boolean): Value {
  const along = axes ?? x.dims.map((_, axis) => axis)
  if (along.length === 0) return x
  return x.tape.op(op, [x, x.tape.vector(along)], { keepdims: { int: keep ? 1 : 0 } })
}

/** Sums over axes (all by default), which stay with size 1 unless `keep` is false. */
export const sum = (x: Value, axes?: readonly number[], keep = true) => reduce('ReduceSum', x, axes, keep)
export const mean = (x: Value, axes?: readonly number[], keep = true) => reduce('ReduceMean', x, axes, keep)
export const maxOf = (x: Value, axes?: readonly number[], keep = true) => reduce('ReduceMax', x, axes, keep)
/** Mean of everything, as a scalar. */
export const meanOf = (x: Value) => mean(x, undefined, false)
/** Sum of everything, as a scalar. */
export const sumOf = (x: Value) => sum(x, undefined, false)

export function reshape(x: Value, dims: readonly number[]): Value {
  if (sameDims(x.dims, dims)) return x
  return x.tape.op('Reshape', [x, x.tape.vector(dims)])
}

export function transpose(x: Value, perm: readonly number[]): Value {
  if (perm.every((axis, i) => axis === i)) return x
  return x.tape.op('Transpose', [x], { perm: { ints: [...perm] } })
}

/** Swaps the last two axes. */
export function swapLast(x: Value): Value {
  const axes = x.dims.map((_, axis) => axis)
  const rank = axes.length
  return transpose(x, axes.with(rank - 1, rank - 2).with(rank - 2, rank - 1))
}

export function expand(x: Value, dims: readonly number[]): Value {
  if (sameDims(x.dims, dims)) return x
  return x.tape.op('Expand', [x, x.tape.vector(dims)])
}

/** Sums over whatever axes broadcasting stretched, so that the result has the shape `dims`. */
export function sumTo(x: Value, dims: readonly number[]): Value {
  if (sameDims(x.dims, dims)) return x
  const shift = x.dims.length - dims.length
  const stretched = x.dims.flatMap((size, axis) =>
    axis < shift || (dims[axis - shift] === 1 && size > 1) ? [axis] : [],
  )
  // Runtimes reduce a run of trailing axes much faster than scattered ones, so those go first.
  const trailing = stretched.filter((axis, i) => x.dims.length - axis === stretched.length - i)
  const rest = stretched.filter(axis => !trailing.includes(axis))
  return reshape(sum(sum(x, trailing), rest), dims)
}

/** Elements from `start` up to `end` along an axis; a negative `step` goes backwards. */
export function slice(x: Value, axis: number, start: number, end: number, step = 1): Value {
  if (start === 0 && end === x.dims[axis] && step === 1) return x
  const { tape } = x
  return tape.op('Slice', [
    x,
    tape.vector([start]),
    tape.vector([end]),
    tape.vector([axis]),
    tape.vector([step]),
  ])
}

/** Reverses axes. */
export function flip(x: Value, axes: readonly number[]): Value {
  const long = axes.filter(axis => x.dims[axis] > 1)
  if (long.length === 0) return x
  const each = (value: (size: number) => number) => x.tape.vector(long.map(axis => value(x.dims[axis])))
  return x.tape.op('Slice', [
    x,
    each(size => size - 1),
    each(size => -size - 1),
    x.tape.vector(long),
    each(() => -1),
  ])
}

/** Pads with zeros by axis; negative amounts crop. */
export function pad(x: Value, before: readonly number[], after: readonly number[]): Value {
  if ([...before, ...after].every(amount => amount === 0)) return x
  return x.tape.op('Pad', [x, x.tape.vector([...before, ...after])])
}

/** Pads one axis with zeros. */
export function padAxis(x: Value, axis: number, before: number, after: number): Value {
  const zeros = x.dims.map(() => 0)
  return pad(x, zeros.with(axis, before), zeros.with(axis, after))
}

/** Inputs of one Concat node: WebGPU binds at most eight storage buffers to a shader. */
const CONCAT_WIDTH = 7

/** Joins along an axis, as a tree of narrow nodes. */
export function concat(parts: readonly Value[], axis: number): Value {
  if (parts.length === 1) return parts[0]
  if (parts.length <= CONCAT_WIDTH) return parts[0].tape.op('Concat', parts, { axis: { int: axis } })
  const groups = Array.from({ length: Math.ceil(parts.length / CONCAT_WIDTH) }, (_, i) =>
    concat(parts.slice(i * CONCAT_WIDTH, (i + 1) * CONCAT_WIDTH), axis),
  )
  return concat(groups, axis)
}

export const matmul = (a: Value, b: Value) => apply('MatMul', [a, b])

/** `a · bᵀ` for matrices. */
export const timesTransposed = (a: Value, b: Value) => a.tape.op('Gemm', [a, b], { transB: { int: 1 } })

export function zeros(like: Value): Value {
  return expand(like.tape.scalar(0, like.type), like.dims)
}

export const count = (x: Value) => countOf(x.dims)

/** Broadcasts two shapes that are known to fit. */
export const widest = (a: Value, b: Value) => broadcast(a.dims, b.dims)!
