import { MirageError } from '../errors.ts'

/** A file of named tensors of 32-bit floats, with texts beside them. */
export interface Safetensors {
  tensors: Map<string, { dims: number[]; data: Float32Array }>
  metadata: Record<string, string>
}

/**
 * Encodes tensors in the safetensors format: the length of the header (64-bit little-endian), the header (JSON), the data.
 *
 * Source: https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let end = 0
  for (const [name, { dims, data }] of tensors) {
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [end, end + data.byteLength] }
    end += data.byteLength
  }
  const json = JSON.stringify(header)
  const text = new TextEncoder().encode(json)
  // Padded with spaces, so that the data begins at a multiple of 8.
  const padded = Math.ceil(text.length / 8) * 8
  const file = new Uint8Array(8 + padded + end)
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true)
  file.fill(0x20, 8, 8 + padded)
  file.set(text, 8)
  let at = 8 + padded
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return file
}

/** @throws MirageError `safetensors-invalid` for a file that is cut off, damaged, or holds other than 32-bit floats */
export function decodeSafetensors(file: Uint8Array): Safetensors {
  if (file.length < 8) throw invalid('it is too short')
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const start = 8 + Number(view.getBigUint64(0, true))
  if (start > file.length) throw invalid('its header is cut off')
  const tensors: Safetensors['tensors'] = new Map()
  const { __metadata__: metadata = {}, ...entries } = parse(file.subarray(8, start))
  for (const [name, entry] of Object.entries(entries as Record<string, Entry>)) {
    const [from, to] = entry.data_offsets
    const size = 4 * entry.shape.reduce((a, b) => a * b, 1)
    if (entry.dtype !== 'F32') throw invalid(`"${name}" is ${entry.dtype}, not 32-bit floats`)
    if (to - from !== size || start + to > file.length) throw invalid(`the data of "${name}" is cut off`)
    // A copy of its own: the file may be a Buffer in the middle of a pool, and floats must begin at a multiple of 4.
    const data = new Float32Array(new Uint8Array(file.subarray(start + from, start + to)).buffer)
    tensors.set(name, { dims: entry.shape, data })
  }
  return { tensors, metadata: metadata as Record<string, string> }
}

interface Entry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

function parse(header: Uint8Array): Record<string, unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(header)) as Record<string, unknown>
  } catch (cause) {
    throw invalid('its header is not JSON', cause)
  }
}

function invalid(why: string, cause?: unknown): MirageError {
  return new MirageError(
    {
      code: 'safetensors-invalid',
      message: `This is not a complete safetensors file: ${why}.`,
      remedy: 'Delete it and make it again.',
    },
    { cause },
  )
}
