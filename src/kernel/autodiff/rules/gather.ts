import { countOf } from '../../onnx/elements.ts'
import * as o from '../ops.ts'
import { fromTensor } from '../reference/array.ts'
import type { Value } from '../tape.ts'

/**
 * The gradient of `Gather(x, indices)` along an axis. One constant index, or a run of them, is a pad; anything else a
 * product with the one-hot matrix of the indices, which every runtime computes fast and without atomics.
 */
export function indexed(dy: Value, x: Value, indices: Value, axis: number): Value {
  const size = x.dims[axis]
  const count = countOf(indices.dims)
  const flat = o.reshape(dy, x.dims.with(axis, count))
  const known = indices.constant && [...fromTensor(indices.constant).data].map(i => (i < 0 ? i + size : i))
  if (known?.every((index, i) => index === known[0] + i)) {
    return o.padAxis(flat, axis, known[0], size - known[0] - count)
  }
  const outer = countOf(x.dims.slice(0, axis))
  const inner = countOf(x.dims.slice(axis + 1))
  const grouped = o.matmul(oneHot(x, indices, known, size, count), o.reshape(flat, [outer, count, inner]))
  return o.reshape(grouped, x.dims)
}

/** `[size, count]`: 1 where the index is the row's number. */
function oneHot(
  x: Value,
  indices: Value,
  known: readonly number[] | undefined,
  size: number,
  count: number,
): Value {
  const { tape } = x
  if (!known) {
    const rows = tape.constant({
      type: 'int64',
      dims: [size, 1],
      data: BigInt64Array.from({ length: size }, (_, i) => BigInt(i)),
    })
    const positive = o.where(o.less(indices, 0), o.add(indices, size), indices)
    return o.cast(o.equal(rows, o.cast(o.reshape(positive, [1, count]), 'int64')), x.type)
  }
  const data = new Float32Array(size * count)
  for (const [column, row] of known.entries()) data[row * count + column] = 1
  return o.cast(tape.constant({ type: 'float32', dims: [size, count], data }), x.type)
}
