import { GraphBuilder } from '../src/kernel/onnx/builder.ts'
import type { Graph } from '../src/kernel/onnx/graph.ts'
import { createRng } from '../src/kernel/stats/resampling/rng.ts'

/** ViT-S/14 on 224 x 224 with random weights, as PyTorch exports it; `loss` is the mean square of its output. */
export function visionTransformer(): Graph {
  const [d, tokens, heads, blocks] = [384, 257, 6, 12]
  const b = new GraphBuilder('vit-s')
  const random = createRng(1)
  const weight = (hint: string, dims: number[], size: number) => {
    const count = dims.reduce((x, y) => x * y, 1)
    return b.floats(
      hint,
      Float32Array.from({ length: count }, () => size * (2 * random.uniform() - 1)),
      dims,
    )
  }
  const linear = (x: string, ins: number, outs: number) =>
    b.node('Add', [
      b.node('MatMul', [x, weight('w', [ins, outs], 1 / Math.sqrt(ins))]),
      weight('b', [outs], 0.02),
    ])
  const norm = (x: string) => {
    const scale = b.floats('scale', new Float32Array(d).fill(1), [d])
    return b.node('LayerNormalization', [x, scale, weight('shift', [d], 0.02)], { axis: { int: -1 } })
  }
  const permute = (x: string, ...perm: number[]) => b.node('Transpose', [x], { perm: { ints: perm } })
  const reshape = (x: string, ...dims: number[]) => b.node('Reshape', [x, b.ints('dims', dims)])
  const image = b.input('image', 'float32', ['n', 3, 224, 224])
  const patches = b.node(
    'Conv',
    [image, weight('patch', [d, 3, 14, 14], 0.04), weight('patch.b', [d], 0.02)],
    {
      kernel_shape: { ints: [14, 14] },
      strides: { ints: [14, 14] },
    },
  )
  const flat = permute(reshape(patches, 1, d, tokens - 1), 0, 2, 1)
  let x = b.node('Concat', [weight('cls', [1, 1, d], 1), flat], { axis: { int: 1 } })
  x = b.node('Add', [x, weight('position', [1, tokens, d], 1)])
  for (let i = 0; i < blocks; i++) {
    const qkv = permute(reshape(linear(norm(x), d, 3 * d), 1, tokens, 3, heads, d / heads), 2, 0, 3, 1, 4)
    const [q, k, v] = [0, 1, 2].map(at => {
      const index = b.initializer('at', { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(at)) })
      return b.node('Gather', [qkv, index], { axis: { int: 0 } })
    })
    const scores = b.node('Mul', [
      b.node('MatMul', [q, permute(k, 0, 1, 3, 2)]),
      b.floats('s', [(d / heads) ** -0.5]),
    ])
    const mixed = b.node('MatMul', [b.node('Softmax', [scores], { axis: { int: -1 } }), v])
    x = b.node('Add', [x, linear(reshape(permute(mixed, 0, 2, 1, 3), 1, tokens, d), d, d)])
    const wide = linear(norm(x), d, 4 * d)
    const erf = b.node('Erf', [b.node('Div', [wide, b.floats('root2', [Math.SQRT2])])])
    const gate = b.node('Mul', [b.node('Add', [erf, b.floats('one', [1])]), b.floats('half', [0.5])])
    x = b.node('Add', [x, linear(b.node('Mul', [wide, gate]), 4 * d, d)])
  }
  const y = norm(x)
  b.output(b.node('ReduceMean', [b.node('Mul', [y, y])], { keepdims: { int: 0 } }, 'loss'), 'float32', [])
  return b.graph
}
