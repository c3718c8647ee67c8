import { countOf } from '../../onnx/elements.ts'
import { float, int, text } from '../attributes.ts'
import * as o from '../ops.ts'
import { einsumLabels } from '../reference/matmul.ts'
import type { Value } from '../tape.ts'
import type { At, Rule } from './types.ts'

/** Vectors as the matrices that MatMul takes them for. */
function matrices({ a, b, dy }: At): { a: Value; b: Value; dy: Value } {
  const left = a.dims.length === 1 ? o.reshape(a, [1, ...a.dims]) : a
  const right = b.dims.length === 1 ? o.reshape(b, [...b.dims, 1]) : b
  const batch = dy.dims.slice(
    0,
    dy.dims.length + (a.dims.length === 1 ? 1 : 0) + (b.dims.length === 1 ? 1 : 0) - 2,
  )
  return { a: left, b: right, dy: o.reshape(dy, [...batch, left.dims.at(-2)!, right.dims.at(-1)!]) }
}

/** All leading axes in one: `[rows, columns]`. */
const rows = (x: Value) => o.reshape(x, [countOf(x.dims.slice(0, -1)), x.dims.at(-1)!])

const gemm = (a: Value, b: Value, transA: number, transB: number, alpha = 1) =>
  a.tape.op('Gemm', [a, b], { transA: { int: transA }, transB: { int: transB }, alpha: { float: alpha } })

/** Sums over the leading axes that MatMul broadcast, then drops the axis that a vector was given. */
const like = (gradient: Value, matrix: Value, operand: Value) =>
  o.reshape(o.sumTo(gradient, matrix.dims), operand.dims)

const transposes = ({ attributes }: At) => [int(attributes, 'transA', 0), int(attributes, 'transB', 0)]
const alphaOf = ({ attributes }: At) => float(attributes, 'alpha', 1)

/** The other operands and the result contracted to the operand's own letters. */
const einsum = (input: number) => (at: At) => {
  const { operands, result } = einsumLabels(text(at.attributes, 'equation', ''))
  const others = operands.filter((_, i) => i !== input)
  const present = [...operands[input]].filter(
    label => result.includes(label) || others.some(o => o.includes(label)),
  )
  const equation = `${[result, ...others].join(',')}->${present.join('')}`
  const factors = [at.dy, ...at.inputs.filter((_, i) => i !== input)]
  const contracted = at.tape.op('Einsum', factors, { equation: { string: equation } })
  const x = at.inputs[input]!
  const dims = [...operands[input]].map((label, axis) => (present.includes(label) ? x.dims[axis] : 1))
  return o.expand(o.reshape(contracted, dims), x.dims)
}

export const MATMUL: Record<string, Rule> = {
  MatMul: [
    at => {
      const { a, b, dy } = matrices(at)
      // A weight matrix is read transposed in place; a batch of matrices has to be turned.
      if (b.dims.length === 2) return o.reshape(gemm(rows(dy), b, 0, 1), at.a.dims)
      return like(o.matmul(dy, o.swapLast(b)), a, at.a)
    },
    at => {
      const { a, b, dy } = matrices(at)
      if (b.dims.length === 2) return o.reshape(gemm(rows(a), rows(dy), 1, 0), at.b.dims)
      return like(o.matmul(o.swapLast(a), dy), b, at.b)
    },
  ],
  Gemm: [
    at => {
      const [transA, transB] = transposes(at)
      return transA
        ? gemm(at.b, at.dy, transB, 1, alphaOf(at))
        : gemm(at.dy, at.b, 0, 1 - transB, alphaOf(at))
    },
    at => {
      const [transA, transB] = transposes(at)
      return transB
        ? gemm(at.dy, at.a, 1, transA, alphaOf(at))
        : gemm(at.a, at.dy, 1 - transA, 0, alphaOf(at))
    },
    at => o.mul(at.dy, float(at.attributes, 'beta', 1)),
  ],
  Einsum: einsum,
}
