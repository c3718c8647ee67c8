import { GraphBuilder } from '../../src/kernel/onnx/builder.ts'
import { writeGraph } from '../../src/kernel/onnx/write.ts'

/** Numbers in -1..1 that look random and are the same every time. */
export function* numbers(seed: number): Generator<number, never> {
  let state = seed >>> 0
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state / 2 ** 31 - 1
  }
}

export function take(count: number, seed: number, gain = 1): Float32Array {
  const source = numbers(seed)
  return Float32Array.from({ length: count }, () => gain * source.next().value)
}

export interface ConvNet {
  file: Uint8Array
  /** Kernels of the two layers, 6 x 3 x 3 x 3 and 4 x 6 x 3 x 3. */
  kernels: [Float32Array, Float32Array]
}

/** Two convolutions of stride 2 with ReLU; both are outputs, `relu1` and `relu2`. */
export function convNet(): ConvNet {
  const builder = new GraphBuilder('conv')
  const kernels: ConvNet['kernels'] = [take(6 * 27, 1, 0.4), take(4 * 54, 2, 0.3)]
  let value = builder.input('image', 'float32', ['n', 3, 'h', 'w'])
  for (const [i, [out, from]] of [
    [6, 3],
    [4, 6],
  ].entries()) {
    const kernel = builder.floats(`kernel${i + 1}`, kernels[i], [out, from, 3, 3])
    const attributes = { pads: { ints: [1, 1, 1, 1] }, strides: { ints: [2, 2] } }
    const convolved = builder.node('Conv', [value, kernel], attributes)
    value = builder.node('Relu', [convolved], {}, `relu${i + 1}`)
    builder.output(value, 'float32', ['n', out, 'h_out', 'w_out'])
  }
  return { file: writeGraph(builder.graph), kernels }
}

/**
 * A transformer's shape without its inside: patches of 4 x 4 become tokens of 5 channels, behind two tokens that are the
 * first two patches of all (stand-ins for class and register). `tokens` is n x (2 + patches) x 5.
 */
export function tokenNet(): { file: Uint8Array; kernel: Float32Array } {
  const builder = new GraphBuilder('tokens')
  const kernel = take(5 * 48, 3, 0.3)
  const image = builder.input('pixel_values', 'float32', ['n', 3, 'h', 'w'])
  const weights = builder.floats('kernel', kernel, [5, 3, 4, 4])
  const patches = builder.node('Conv', [image, weights], { strides: { ints: [4, 4] } })
  const flat = builder.node('Reshape', [patches, builder.ints('shape', [0, 5, -1])])
  const list = builder.node('Transpose', [flat], { perm: { ints: [0, 2, 1] } })
  const axes = builder.ints('axes', [1])
  const first = builder.node('Slice', [list, builder.ints('from', [0]), builder.ints('to', [2]), axes])
  builder.node('Concat', [first, list], { axis: { int: 1 } }, 'tokens')
  builder.output('tokens', 'float32', ['n', 'count', 5])
  return { file: writeGraph(builder.graph), kernel }
}
