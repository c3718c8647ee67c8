import { MirageError } from '../../errors.ts'
import { axisOf, int, ints as intsOf, text } from '../attributes.ts'
import { broadcast } from '../broadcast.ts'
import { einsumLabels } from '../reference/matmul.ts'
import { resizeSizes } from '../reference/resize.ts'
import { slideSizes, unslide, windowOf } from '../window.ts'
import { same } from './elementwise.ts'
import type { ShapeQuery, ShapeRule } from './types.ts'

const pool: ShapeRule = ({ inputs: [x], attributes }) => {
  const sizes = x!.dims.slice(2)
  const window = windowOf(attributes, intsOf(attributes, 'kernel_shape', []), sizes)
  const out = slideSizes(sizes, window, int(attributes, 'ceil_mode', 0) === 1)
  return [{ type: x!.type, dims: [...x!.dims.slice(0, 2), ...out] }]
}

function agree(query: ShapeQuery, a: number, b: number): void {
  if (a === b) return
  throw new MirageError({
    code: 'shape-mismatch',
    message: `${query.op} (node "${query.name}") multiplies ${a} columns by ${b} rows.`,
    remedy: 'Check the crop size and the number of channels against what the model takes.',
  })
}

/** Operators that multiply and sum: products of matrices, windows, resampling, normalisation. */
export const PRODUCTS: Record<string, ShapeRule> = {
  MatMul: query => {
    const [a, b] = query.inputs.map(input => input!.dims)
    const left = a.length === 1 ? [1, ...a] : a
    const right = b.length === 1 ? [...b, 1] : b
    agree(query, left.at(-1)!, right.at(-2)!)
    const batch = broadcast(left.slice(0, -2), right.slice(0, -2))!
    const rows = a.length === 1 ? [] : [left.at(-2)!]
    const columns = b.length === 1 ? [] : [right.at(-1)!]
    return [{ type: query.inputs[0]!.type, dims: [...batch, ...rows, ...columns] }]
  },
  Gemm: query => {
    const [a, b] = query.inputs.map(input => input!.dims)
    const transA = int(query.attributes, 'transA', 0)
    const transB = int(query.attributes, 'transB', 0)
    agree(query, a[1 - transA], b[transB])
    return [{ type: query.inputs[0]!.type, dims: [a[transA], b[1 - transB]] }]
  },
  Einsum: ({ inputs, attributes }) => {
    const { operands, result } = einsumLabels(text(attributes, 'equation', ''))
    const size = (label: string) => {
      const which = operands.findIndex(labels => labels.includes(label))
      return inputs[which]!.dims[operands[which].indexOf(label)]
    }
    return [{ type: inputs[0]!.type, dims: [...result].map(size) }]
  },
  Conv: query => {
    const [x, w] = query.inputs.map(input => input?.dims ?? [])
    const window = windowOf(query.attributes, w.slice(2), x.slice(2))
    agree(query, x[1], w[1] * window.group)
    return [{ type: query.inputs[0]!.type, dims: [x[0], w[0], ...slideSizes(x.slice(2), window)] }]
  },
  ConvTranspose: query => {
    const [x, w] = query.inputs.map(input => input?.dims ?? [])
    const { window, sizes } = unslide(query.attributes, w.slice(2), x.slice(2))
    agree(query, x[1], w[0])
    return [{ type: query.inputs[0]!.type, dims: [x[0], w[1] * window.group, ...sizes] }]
  },
  MaxPool: pool,
  AveragePool: pool,
  Resize: ({ inputs: [x], attributes, elements }) => [
    { type: x!.type, dims: resizeSizes(x!.dims, elements(2), elements(3), attributes).sizes },
  ],
  InstanceNormalization: same,
  LayerNormalization: ({ inputs: [x], attributes, outputs }) => {
    const axis = axisOf(int(attributes, 'axis', -1), x!.dims.length)
    const statistics = { type: x!.type, dims: x!.dims.map((size, i) => (i < axis ? size : 1)) }
    return [x!, statistics, statistics].slice(0, outputs)
  },
}
