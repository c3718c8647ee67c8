import { MirageError } from '../../errors.ts'

/** Marks a kernel stored in half precision. */
const HALF = 0x01306b47
/** Marks a kernel stored as it is computed with, in 32 bits. */
const SINGLE = 0

/**
 * Reads an ncnn `.bin` file from front to back: per convolution a 4-byte tag, the kernel in the tagged precision
 * (padded to 4 bytes) and the bias in 32 bits; other weights in 32 bits without a tag. Little-endian.
 */
export class NcnnWeights {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** A tagged kernel: half-precision bits or 32-bit floats. */
  kernel(count: number, layer: string): Float32Array | Uint16Array {
    const tag = new DataView(this.#take(4, layer).buffer).getUint32(0, true)
    if (tag === SINGLE) return this.floats(count, layer)
    if (tag !== HALF) throw unreadable(layer, `has the unknown storage tag 0x${tag.toString(16)}`)
    const padded = Math.ceil(count / 2) * 4
    return new Uint16Array(this.#take(padded, layer).buffer, 0, count)
  }

  floats(count: number, layer: string): Float32Array {
    return new Float32Array(this.#take(count * 4, layer).buffer)
  }

  /** Checks that nothing is left over, which would mean that a layer was read wrongly. */
  end(): void {
    const left = this.#bytes.length - this.#offset
    if (left !== 0) throw unreadable('the last layer', `leaves ${left} bytes unread`)
  }

  /** A copy, so that it begins at a multiple of 4. */
  #take(length: number, layer: string): Uint8Array<ArrayBuffer> {
    const end = this.#offset + length
    if (end > this.#bytes.length) throw unreadable(layer, 'lies beyond the end of the file')
    const copy = new Uint8Array(this.#bytes.subarray(this.#offset, end))
    this.#offset = end
    return copy
  }
}

function unreadable(layer: string, why: string): MirageError {
  return new MirageError({
    code: 'weights-unreadable',
    message: `The ncnn .bin file does not fit its .param file: ${layer} ${why}.`,
    remedy: 'Fetch both files again, from one source, and check their checksums.',
  })
}
