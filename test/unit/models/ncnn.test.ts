import { InferenceSession, Tensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { readNpmWeights } from '../../../scripts/npm-weights.ts'
import { MirageError } from '../../../src/kernel/errors.ts'
import { CATALOG } from '../../../src/kernel/models/catalog.ts'
import { importNcnn } from '../../../src/kernel/models/import/ncnn.ts'
import { writeGraph } from '../../../src/kernel/onnx/write.ts'
import { rrdbNet, srvggNetCompact, type Volume, volume, type WeightSource } from '../../reference/networks.ts'

/** ncnn's file order: a 4-byte tag and half-precision numbers for a kernel, plain 32-bit floats for the rest. */
function weightsOf(bin: Uint8Array): WeightSource & { left(): number } {
  const view = new DataView(bin.buffer, bin.byteOffset, bin.byteLength)
  let at = 0
  const read = (count: number, size: 2 | 4) => {
    const start = at
    at += Math.ceil((count * size) / 4) * 4
    return Float64Array.from({ length: count }, (_, i) =>
      size === 2 ? view.getFloat16(start + i * 2, true) : view.getFloat32(start + i * 4, true),
    )
  }
  return {
    kernel(count) {
      at += 4
      return read(count, 2)
    },
    floats: count => read(count, 4),
    left: () => bin.length - at,
  }
}

async function runOnnx(bytes: Uint8Array, { channels, height, width, data }: Volume): Promise<Volume> {
  const session = await InferenceSession.create(bytes)
  const input = new Tensor('float32', Float32Array.from(data), [1, channels, height, width])
  const { output } = await session.run({ input })
  await session.release()
  const [, c, h, w] = output.dims
  return { channels: c, height: h, width: w, data: Float64Array.from(output.data as Float32Array) }
}

function largestDifference(a: Volume, b: Volume): number {
  expect([a.channels, a.height, a.width]).toEqual([b.channels, b.height, b.width])
  return a.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b.data[i])), 0)
}

const NETWORKS = [
  { id: 'realesr-general-x4v3', reference: srvggNetCompact, height: 7, width: 5 },
  { id: 'realesrgan-x4plus', reference: rrdbNet, height: 3, width: 4 },
]

describe.each(NETWORKS)('$id', ({ id, reference, height, width }) => {
  let param: string
  let bin: Uint8Array
  beforeAll(async () => {
    const files = await readNpmWeights(CATALOG[id].origin!, [])
    const [first, second] = [...files.values()]
    param = new TextDecoder().decode(first)
    bin = second
  })

  test('the imported graph computes what the published architecture computes from the same weights', async () => {
    const input = volume(3, height, width, i => ((i * 37) % 101) / 100)
    const weights = weightsOf(bin)
    const expected = reference(input, weights)
    expect(weights.left()).toBe(0)
    const actual = await runOnnx(writeGraph(importNcnn(param, bin, id)), input)
    // 32-bit against 64-bit arithmetic over up to 350 layers.
    expect(largestDifference(actual, expected)).toBeLessThan(5e-5)
    expect(Math.max(...expected.data) - Math.min(...expected.data)).toBeGreaterThan(0.2)
  })

  test('weights that are cut or too long are refused', () => {
    for (const damaged of [bin.subarray(0, bin.length - 4), Buffer.concat([bin, Buffer.alloc(4)])]) {
      expect(() => importNcnn(param, damaged, id)).toThrow(MirageError)
    }
    expect(() => importNcnn(param.split('\n').slice(0, -5).join('\n'), bin, id)).toThrow(/declares/)
  })
})

test('a layer without a row is refused by name', () => {
  const param = '7767517\n2 2\nInput in 0 1 data\nSoftmax soft 1 1 data out\n'
  expect(() => importNcnn(param, new Uint8Array(), 'x')).toThrow(/"soft" \(Softmax\)/)
})
