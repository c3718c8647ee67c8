import * as o from '../ops.ts'
import { fromTensor, type NdArray, toTensor } from '../reference/array.ts'
import { resizeMatrix, resizeSizes } from '../reference/resize.ts'
import type { Value } from '../tape.ts'
import type { At, Rule } from './types.ts'

const elements = (value: Value | undefined) => {
  const values = value?.constant && [...fromTensor(value.constant).data]
  return values && values.length > 0 ? values : undefined
}

/** Whether a resize by a whole factor only repeats elements. */
function repeats({ dims: [to, from], data }: NdArray): boolean {
  const factor = to / from
  return (
    Number.isInteger(factor) &&
    data.every((value, i) => value === (Math.floor(i / from / factor) === i % from ? 1 : 0))
  )
}

/**
 * A resize is a matrix on each axis, so its gradient is the transposed matrix. Where all that happens is that pixels are
 * repeated, it is the sum over each block.
 */
function resized(at: At): Value {
  const { a, dy, inputs, attributes, tape } = at
  const { sizes, scales } = resizeSizes(a.dims, elements(inputs[2]), elements(inputs[3]), attributes)
  const changed = a.dims.flatMap((size, axis) => (sizes[axis] === size && scales[axis] === 1 ? [] : [axis]))
  const matrices = new Map(
    changed.map(axis => [axis, resizeMatrix(a.dims[axis], sizes[axis], scales[axis], attributes)]),
  )
  if (a.dims.length === 4 && changed.every(axis => axis >= 2 && repeats(matrices.get(axis)!))) {
    const block = [2, 3].map(axis => sizes[axis] / a.dims[axis])
    const average = tape.op('AveragePool', [dy], { kernel_shape: { ints: block }, strides: { ints: block } })
    return o.mul(average, block[0] * block[1])
  }
  let dx = dy
  for (const [axis, matrix] of matrices) {
    const last = dx.dims.length - 1
    const order = dx.dims
      .map((_, i) => i)
      .with(axis, last)
      .with(last, axis)
    dx = o.transpose(
      o.matmul(o.transpose(dx, order), tape.constant(toTensor({ ...matrix, type: a.type }))),
      order,
    )
  }
  return dx
}

export const RESIZE: Record<string, Rule> = { Resize: [resized] }
