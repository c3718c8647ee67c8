import type { Plane } from '../../images/pixels.ts'
import { once } from '../once.ts'
import { WASM } from './structure.wasm.ts'

/** Side of the window. */
export const WINDOW = 11
const C1 = (0.01 * 255) ** 2
const C2 = (0.03 * 255) ** 2

export interface Structure {
  /** Mean of luminance x contrast-structure over all windows. */
  ssim: number
  /** Mean of contrast-structure over all windows. */
  contrastStructure: number
}

/**
 * The terms of SSIM (Wang et al. 2004) of two planes with values 0..255: Gaussian windows of 11 x 11, sigma 1.5, that lie
 * inside the image; C1 = (0.01 x 255)^2, C2 = (0.03 x 255)^2; the contrast-structure term is limited to 0 from below.
 * The planes must be at least 11 x 11.
 *
 * Only four local means are needed, of a, b, a^2 + b^2 and ab, since the variances occur as a sum. Each row of windows is
 * filtered down the columns and then along the row. The loops are WebAssembly (structure.wat), because JavaScript has no
 * vector instructions.
 *
 * @param map when given, filled with the SSIM of each window: (width - 10) x (height - 10)
 */
export function structure(a: Plane, b: Plane, map?: Float64Array): Structure {
  const { width, height } = a
  const count = (width - WINDOW + 1) * (height - WINDOW + 1)
  const pitch = (width + 1) * 8
  const { memory, run } = loops()
  const place = layout()
  const at = {
    sums: place(16),
    weights: place(WEIGHTS.length * 8),
    down: place(4 * pitch),
    a: place(a.data.byteLength),
    b: place(b.data.byteLength),
    map: map ? place(map.byteLength) : 0,
  }
  grow(memory, place(0))
  new Float64Array(memory.buffer, at.weights).set(WEIGHTS)
  new Float64Array(memory.buffer, at.a).set(a.data)
  new Float64Array(memory.buffer, at.b).set(b.data)
  run(at.a, at.b, width, height, at.weights, at.down, pitch, at.map, at.sums, C1, C2)
  map?.set(new Float64Array(memory.buffer, at.map, count))
  const [ssim, contrastStructure] = new Float64Array(memory.buffer, at.sums, 2)
  return { ssim: ssim / count, contrastStructure: contrastStructure / count }
}

const WEIGHTS = windowWeights()

function windowWeights(): number[] {
  const weights = Array.from({ length: WINDOW }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map(weight => weight / sum)
}

/** The compiled loops. Their memory is scratch: nothing in it outlives a call. */
const loops = once(() => {
  const module = new WebAssembly.Module(Buffer.from(WASM, 'base64'))
  const { memory, structure } = new WebAssembly.Instance(module).exports
  return { memory: memory as WebAssembly.Memory, run: structure as (...parameters: number[]) => void }
})

/** Hands out places in memory, one after the other; with a spare double behind each, which an odd row reads. */
function layout(): (bytes: number) => number {
  let next = 16
  return bytes => {
    const at = next
    next += Math.ceil((bytes + 8) / 16) * 16
    return at
  }
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / 65536)
  if (pages > 0) memory.grow(pages)
}
