import { float, int, text } from '../attributes.ts'
import { broadcast } from '../broadcast.ts'
import { at, build, each, type NdArray, reshaped, stridesOf } from './array.ts'
import type { Evaluate } from './types.ts'

function matmul(a: NdArray, b: NdArray): NdArray {
  const left = a.dims.length === 1 ? reshaped(a, [1, ...a.dims]) : a
  const right = b.dims.length === 1 ? reshaped(b, [...b.dims, 1]) : b
  const batch = broadcast(left.dims.slice(0, -2), right.dims.slice(0, -2))!
  const [rows, inner, columns] = [left.dims.at(-2)!, left.dims.at(-1)!, right.dims.at(-1)!]
  const full = build(a.type, [...batch, rows, columns], index => {
    const before = index.slice(0, -2)
    let sum = 0
    for (let k = 0; k < inner; k++) {
      sum += at(left, [...before, index.at(-2)!, k]) * at(right, [...before, k, index.at(-1)!])
    }
    return sum
  })
  const dims = [...batch, ...(a.dims.length === 1 ? [] : [rows]), ...(b.dims.length === 1 ? [] : [columns])]
  return reshaped(full, dims)
}

/** Letters of each operand and of the result of an Einsum without an ellipsis. */
export function einsumLabels(equation: string): { operands: string[]; result: string } {
  const [left, right] = equation.replaceAll(' ', '').split('->')
  const operands = left.split(',')
  if (right !== undefined) return { operands, result: right }
  const letters = [...left.replaceAll(',', '')].sort()
  return { operands, result: letters.filter(l => letters.indexOf(l) === letters.lastIndexOf(l)).join('') }
}

function einsum(inputs: readonly NdArray[], equation: string): NdArray {
  const { operands, result } = einsumLabels(equation)
  const sizes = new Map<string, number>()
  for (const [i, labels] of operands.entries()) {
    for (const [axis, label] of [...labels].entries()) sizes.set(label, inputs[i].dims[axis])
  }
  const letters = [...sizes.keys()]
  const position = (labels: string, dims: readonly number[], index: readonly number[]) => {
    const strides = stridesOf(dims)
    return [...labels].reduce((sum, label, axis) => sum + index[letters.indexOf(label)] * strides[axis], 0)
  }
  const dims = [...result].map(label => sizes.get(label)!)
  const out = build(inputs[0].type, dims, () => 0)
  each([...sizes.values()], index => {
    const product = inputs.reduce((p, x, i) => p * x.data[position(operands[i], x.dims, index)], 1)
    out.data[position(result, dims, index)] += product
  })
  return out
}

export const MATMUL: Record<string, Evaluate> = {
  MatMul: ([a, b]) => [matmul(a!, b!)],
  Gemm: ([a, b, c], attributes) => {
    const transA = int(attributes, 'transA', 0) === 1
    const transB = int(attributes, 'transB', 0) === 1
    const rows = a!.dims[transA ? 1 : 0]
    const inner = a!.dims[transA ? 0 : 1]
    const columns = b!.dims[transB ? 0 : 1]
    const alpha = float(attributes, 'alpha', 1)
    const beta = float(attributes, 'beta', 1)
    const element = ([i, j]: readonly number[]) => {
      let sum = 0
      for (let k = 0; k < inner; k++)
        sum += at(a!, transA ? [k, i] : [i, k]) * at(b!, transB ? [j, k] : [k, j])
      return alpha * sum + (c ? beta * at(c, [i, j]) : 0)
    }
    return [build(a!.type, [rows, columns], element)]
  },
  Einsum: (inputs, attributes) => [einsum(inputs as NdArray[], text(attributes, 'equation', ''))],
}
