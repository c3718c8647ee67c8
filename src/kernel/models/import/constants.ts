import type { GraphBuilder } from '../../onnx/builder.ts'

/** How an importer stores weights: half precision is widened again when the graph is loaded. */
export type WeightStorage = 'float32' | 'float16'

/**
 * Adds weights of shape `dims` and returns the name of their float32 value. Half precision is stored as such with a
 * Cast behind it, which onnxruntime folds at load: the file is half as large and the arithmetic stays 32-bit. Values that
 * come as half-precision bits stay so under either storage.
 */
export function addWeights(
  builder: GraphBuilder,
  hint: string,
  dims: number[],
  values: Float32Array | Uint16Array,
  storage: WeightStorage,
): string {
  if (values instanceof Float32Array && storage === 'float32') {
    return builder.initializer(hint, { type: 'float32', dims, data: values })
  }
  const data = values instanceof Float32Array ? halfBits(values) : values
  const stored = builder.initializer(`${hint}.half`, { type: 'float16', dims, data })
  return builder.cast(stored, 'float32', hint)
}

/**
 * Adds 8-bit weights that mean `q * scale[o] + offset[o]`, with one scale and offset per index `o` of the first
 * dimension, and returns the name of their float32 value. Written with Cast, Mul and Add because onnxruntime folds
 * those at load and leaves DequantizeLinear to every run.
 */
export function addQuantised(
  builder: GraphBuilder,
  hint: string,
  dims: number[],
  codes: Uint8Array,
  scale: Float32Array,
  offset: Float32Array,
): string {
  const stored = builder.initializer(`${hint}.codes`, { type: 'uint8', dims, data: codes })
  const perOutput = [dims[0], ...dims.slice(1).map(() => 1)]
  const scaled = builder.node('Mul', [
    builder.cast(stored, 'float32'),
    builder.floats(`${hint}.scale`, scale, perOutput),
  ])
  return builder.node('Add', [scaled, builder.floats(`${hint}.offset`, offset, perOutput)], {}, hint)
}

function halfBits(values: Float32Array): Uint16Array {
  return new Uint16Array(Float16Array.from(values).buffer)
}
