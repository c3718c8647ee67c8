import { Tensor } from 'onnxruntime-node'

/**
 * A tensor of 32- or 16-bit floats. onnxruntime-node's native binding (1.30) sees no bytes in a Float16Array, which the
 * Tensor class insists on where there is one, so 16-bit floats are handed over in a plain object of the same shape.
 */
export function floatTensor(
  type: string,
  values: Float32Array | Float16Array,
  dims: readonly number[],
): Tensor {
  if (type === 'float32') {
    return new Tensor('float32', values instanceof Float32Array ? values : Float32Array.from(values), dims)
  }
  const half = values instanceof Float32Array ? Float16Array.from(values) : values
  const data = new Uint16Array(half.buffer, half.byteOffset, half.length)
  return { type: 'float16', data, cpuData: data, dims, location: 'cpu' } as unknown as Tensor
}
