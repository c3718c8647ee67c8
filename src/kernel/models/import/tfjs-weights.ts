import { MirageError } from '../../errors.ts'

/** The part of a TensorFlow.js `model.json` that says what the shards hold. */
export interface WeightsManifest {
  paths?: string[]
  weights: WeightEntry[]
}

interface WeightEntry {
  name: string
  shape: number[]
  dtype: string
  quantization?: { dtype: string; min: number; scale: number }
}

/** Values mean `codes * scale + min`; unquantised weights are plain floats. */
export type TfjsWeight =
  | { shape: number[]; floats: Float32Array }
  | { shape: number[]; codes: Uint8Array; scale: number; min: number }

/**
 * Cuts the concatenated shards of a TensorFlow.js layers model into weights by name.
 *
 * @throws MirageError `weights-unreadable` where the shards are shorter or longer than the manifest says, or hold
 * another type than 32-bit floats and 8-bit codes.
 */
export function readTfjsWeights(manifest: WeightsManifest[], shards: Uint8Array): Map<string, TfjsWeight> {
  const weights = new Map<string, TfjsWeight>()
  let offset = 0
  for (const entry of manifest.flatMap(group => group.weights)) {
    const count = entry.shape.reduce((product, dim) => product * dim, 1)
    const type = entry.quantization?.dtype ?? entry.dtype
    const size = BYTES[type]
    if (size === undefined) throw unreadable(`${entry.name} has the element type ${type}`)
    const end = offset + count * size
    if (end > shards.length) throw unreadable(`${entry.name} lies beyond the end of the shards`)
    const bytes = new Uint8Array(shards.subarray(offset, end))
    offset = end
    if (entry.quantization === undefined) {
      weights.set(entry.name, { shape: entry.shape, floats: new Float32Array(bytes.buffer) })
    } else {
      const { scale, min } = entry.quantization
      weights.set(entry.name, { shape: entry.shape, codes: bytes, scale, min })
    }
  }
  if (offset !== shards.length) throw unreadable(`${shards.length - offset} bytes are left over`)
  return weights
}

/** The plain values of a weight. */
export function floatsOf(weight: TfjsWeight): Float32Array {
  if ('floats' in weight) return weight.floats
  return Float32Array.from(weight.codes, code => code * weight.scale + weight.min)
}

const BYTES: Record<string, number> = { float32: 4, uint8: 1 }

function unreadable(why: string): MirageError {
  return new MirageError({
    code: 'weights-unreadable',
    message: `The TensorFlow.js shards do not fit their manifest: ${why}.`,
    remedy: 'Fetch all files of the model again, from one source, and check their checksums.',
  })
}
