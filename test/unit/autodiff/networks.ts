import { GraphBuilder } from '../../../src/kernel/onnx/builder.ts'
import type { Attribute, Graph } from '../../../src/kernel/onnx/graph.ts'
import { noise } from './cases.ts'

/** Small networks with random weights, spelled as exporters spell the real ones. */
class Net {
  readonly b: GraphBuilder
  readonly #random: () => number

  constructor(name: string, seed: number, opset = 17) {
    this.b = new GraphBuilder(name, opset)
    this.#random = noise(seed)
  }

  op(op: string, inputs: string[], attributes: Record<string, Attribute> = {}): string {
    return this.b.node(op, [...inputs], attributes)
  }

  /** Numbers around `centre`. */
  weight(hint: string, dims: number[], size = 0.5, centre = 0): string {
    const count = dims.reduce((a, b) => a * b, 1)
    return this.b.floats(
      hint,
      Array.from({ length: count }, () => centre + size * this.#random()),
      dims,
    )
  }

  conv(x: string, ins: number, outs: number, k = 3, stride = 1): string {
    const pads = new Array<number>(4).fill(Math.floor(k / 2))
    const w = this.weight('conv.weight', [outs, ins, k, k], 1 / Math.sqrt((ins * k * k) / 3))
    return this.op('Conv', [x, w, this.weight('conv.bias', [outs], 0.1)], {
      kernel_shape: { ints: [k, k] },
      strides: { ints: [stride, stride] },
      pads: { ints: pads },
    })
  }

  linear(x: string, ins: number, outs: number): string {
    const product = this.op('MatMul', [x, this.weight('linear.weight', [ins, outs], 1.7 / Math.sqrt(ins))])
    return this.op('Add', [product, this.weight('linear.bias', [outs], 0.1)])
  }

  layerNorm(x: string, d: number): string {
    const inputs = [x, this.weight('norm.scale', [d], 0.2, 1), this.weight('norm.bias', [d], 0.1)]
    return this.op('LayerNormalization', inputs, { axis: { int: -1 } })
  }

  /** As PyTorch exports it: reshape to groups, InstanceNormalization, reshape back by the runtime shape, scale, shift. */
  groupNorm(x: string, c: number, groups: number): string {
    const shape = this.op('Shape', [x])
    const grouped = this.op('Reshape', [x, this.b.ints('groups', [0, groups, -1])])
    const ones = this.b.floats(
      'ones',
      Array.from({ length: groups }, () => 1),
      [groups],
    )
    const zeros = this.b.floats(
      'zeros',
      Array.from({ length: groups }, () => 0),
      [groups],
    )
    const normal = this.op('InstanceNormalization', [grouped, ones, zeros], { epsilon: { float: 1e-5 } })
    const back = this.op('Reshape', [normal, shape])
    const scaled = this.op('Mul', [back, this.weight('gn.scale', [c, 1, 1], 0.2, 1)])
    return this.op('Add', [scaled, this.weight('gn.bias', [c, 1, 1], 0.1)])
  }

  gelu(x: string): string {
    const e = this.op('Erf', [this.op('Div', [x, this.b.floats('root2', [Math.SQRT2])])])
    const half = this.op('Mul', [x, this.op('Add', [e, this.b.floats('one', [1])])])
    return this.op('Mul', [half, this.b.floats('half', [0.5])])
  }

  silu(x: string): string {
    return this.op('Mul', [x, this.op('Sigmoid', [x])])
  }

  permute(x: string, ...perm: number[]): string {
    return this.op('Transpose', [x], { perm: { ints: perm } })
  }

  reshape(x: string, ...dims: number[]): string {
    return this.op('Reshape', [x, this.b.ints('dims', dims)])
  }

  /** Softmax(q kᵀ / sqrt(d) [+ bias]) v, all [..., tokens, d]. */
  attend(q: string, k: string, v: string, d: number, rank: number, bias?: string): string {
    const axes = Array.from({ length: rank }, (_, i) => i)
    const turned = this.permute(k, ...axes.with(rank - 1, rank - 2).with(rank - 2, rank - 1))
    const scores = this.op('Mul', [
      this.op('MatMul', [q, turned]),
      this.b.floats('scale', [1 / Math.sqrt(d)]),
    ])
    const biased = bias ? this.op('Add', [scores, bias]) : scores
    return this.op('MatMul', [this.op('Softmax', [biased], { axis: { int: -1 } }), v])
  }

  /** `qkv` [n, t, 3 d] to three of [n, heads, t, d / heads], picked by Gather as PyTorch exports it. */
  heads(qkv: string, tokens: number, d: number, heads: number): string[] {
    const five = this.permute(this.reshape(qkv, -1, tokens, 3, heads, d / heads), 2, 0, 3, 1, 4)
    return [0, 1, 2].map(i => {
      const index = this.b.initializer('index', {
        type: 'int64',
        dims: [],
        data: BigInt64Array.of(BigInt(i)),
      })
      return this.op('Gather', [five, index], { axis: { int: 0 } })
    })
  }

  done(x: string, dims: number[]): Graph {
    this.b.output(x, 'float32', dims)
    return this.b.graph
  }
}

export interface Example {
  graph: Graph
  /** Sizes of its one input. */
  input: number[]
}

/** SRVGGNetCompact: convolutions and PRelu, pixel shuffle, the image repeated and added. */
export function compact(seed = 1, width = 8): Example {
  const net = new Net('compact', seed)
  const x = net.b.input('image', 'float32', ['n', 3, 'h', 'w'])
  let y = net.conv(x, 3, width)
  for (let i = 0; i < 2; i++) {
    y = net.op('PRelu', [y, net.weight('slope', [width, 1, 1], 0.2, 0.3)])
    y = net.conv(y, width, i === 0 ? width : 12)
  }
  const up = net.op('DepthToSpace', [y], { blocksize: { int: 2 }, mode: { string: 'CRD' } })
  const scales = net.b.floats('scales', [1, 1, 2, 2], [4])
  const base = net.op('Resize', [x, '', scales], {
    mode: { string: 'nearest' },
    coordinate_transformation_mode: { string: 'asymmetric' },
    nearest_mode: { string: 'floor' },
  })
  return { graph: net.done(net.op('Add', [up, base]), ['n', 3, 'H', 'W'] as never), input: [1, 3, 6, 5] }
}

/** A dense block with residual scaling, and an upsampling by Resize before a convolution. */
export function dense(seed = 2): Example {
  const net = new Net('dense', seed)
  const x = net.b.input('image', 'float32', ['n', 3, 'h', 'w'])
  const start = net.conv(x, 3, 4)
  const parts = [start]
  for (let i = 0; i < 2; i++) {
    const joined = parts.length === 1 ? start : net.op('Concat', parts, { axis: { int: 1 } })
    parts.push(net.op('LeakyRelu', [net.conv(joined, 4 + 3 * i, 3)], { alpha: { float: 0.2 } }))
  }
  const last = net.conv(net.op('Concat', parts, { axis: { int: 1 } }), 10, 4)
  const sum = net.op('Add', [net.op('Mul', [last, net.b.floats('residual', [0.2])]), start])
  const up = net.op('Resize', [sum, '', net.b.floats('scales', [1, 1, 2, 2], [4])], {
    mode: { string: 'nearest' },
    nearest_mode: { string: 'floor' },
    coordinate_transformation_mode: { string: 'asymmetric' },
  })
  return { graph: net.done(net.conv(up, 4, 3), ['n', 3, 'H', 'W'] as never), input: [1, 3, 5, 5] }
}

/** Two blocks of a vision transformer on 2 x 2 patches, one with the exact and one with the tanh form of GELU. */
export function transformer(seed = 3): Example {
  const [d, tokens] = [8, 5]
  const net = new Net('transformer', seed)
  const x = net.b.input('image', 'float32', ['n', 3, 'h', 'w'])
  const patches = net.op(
    'Conv',
    [x, net.weight('patch', [d, 3, 4, 4], 0.2), net.weight('patch.bias', [d], 0.1)],
    {
      kernel_shape: { ints: [4, 4] },
      strides: { ints: [4, 4] },
    },
  )
  const shape = net.op('Shape', [patches])
  const n = net.op('Slice', [shape, net.b.ints('zero', [0]), net.b.ints('two', [2])])
  const flat = net.op('Reshape', [
    patches,
    net.op('Concat', [n, net.b.ints('rest', [-1])], { axis: { int: 0 } }),
  ])
  const batch = net.op('Slice', [shape, net.b.ints('zero', [0]), net.b.ints('one', [1])])
  const sizes = net.op('Concat', [batch, net.b.ints('one', [1]), net.b.ints('d', [d])], { axis: { int: 0 } })
  const cls = net.op('Expand', [net.weight('cls', [1, 1, d]), sizes])
  let y = net.op('Concat', [cls, net.permute(flat, 0, 2, 1)], { axis: { int: 1 } })
  y = net.op('Add', [y, net.weight('position', [1, tokens, d], 0.3)])
  for (const exact of [true, false]) {
    const [q, k, v] = net.heads(net.linear(net.layerNorm(y, d), d, 3 * d), tokens, d, 2)
    const joined = net.reshape(net.permute(net.attend(q, k, v, d / 2, 4), 0, 2, 1, 3), -1, tokens, d)
    y = net.op('Add', [
      y,
      net.op('Mul', [net.linear(joined, d, d), net.weight('layer.scale', [d], 0.3, 0.7)]),
    ])
    const hidden = net.linear(net.layerNorm(y, d), d, 2 * d)
    const active = exact ? net.gelu(hidden) : tanhGelu(net, hidden)
    y = net.op('Add', [y, net.linear(active, 2 * d, d)])
  }
  return { graph: net.done(net.layerNorm(y, d), ['n', tokens, d] as never), input: [2, 3, 8, 8] }
}

function tanhGelu(net: Net, x: string): string {
  const cube = net.op('Pow', [x, net.b.floats('three', [3])])
  const sum = net.op('Add', [x, net.op('Mul', [cube, net.b.floats('c', [0.044715])])])
  const t = net.op('Tanh', [net.op('Mul', [sum, net.b.floats('s', [Math.sqrt(2 / Math.PI)])])])
  const half = net.op('Mul', [x, net.b.floats('half', [0.5])])
  return net.op('Mul', [half, net.op('Add', [t, net.b.floats('one', [1])])])
}

/** SwinIR: window partition, a shifted window (roll, mask), relative position bias looked up in a table. */
export function windows(seed = 4): Example {
  const [d, heads, side, win] = [8, 2, 4, 2]
  const net = new Net('windows', seed)
  const x = net.b.input('image', 'float32', [1, 3, side, side])
  let y = net.permute(net.conv(x, 3, d), 0, 2, 3, 1)
  for (const shift of [0, 1]) {
    const normal = net.layerNorm(y, d)
    const rolled = shift ? roll(net, roll(net, normal, 1, shift), 2, shift) : normal
    const parts = net.permute(net.reshape(rolled, 1, side / win, win, side / win, win, d), 0, 1, 3, 2, 4, 5)
    const tokens = net.reshape(parts, -1, win * win, d)
    const [q, k, v] = net.heads(net.linear(tokens, d, 3 * d), win * win, d, heads)
    const table = net.weight('relative.bias', [(2 * win - 1) ** 2, heads], 0.5)
    const index = Array.from({ length: win ** 4 }, (_, i) => BigInt((i * 5) % (2 * win - 1) ** 2))
    const lookup = net.b.initializer('relative.index', {
      type: 'int64',
      dims: [win ** 4],
      data: BigInt64Array.from(index),
    })
    const rows = net.reshape(
      net.op('Gather', [table, lookup], { axis: { int: 0 } }),
      win * win,
      win * win,
      heads,
    )
    const bias = net.op('Unsqueeze', [net.permute(rows, 2, 0, 1), net.b.ints('zero', [0])])
    const windowsCount = (side / win) ** 2
    const mask = Array.from({ length: windowsCount * win ** 4 }, (_, i) => (shift && i % 7 === 3 ? -100 : 0))
    const masked = net.op('Add', [bias, net.b.floats('mask', mask, [windowsCount, 1, win * win, win * win])])
    const mixed = net.reshape(
      net.permute(net.attend(q, k, v, d / heads, 4, masked), 0, 2, 1, 3),
      -1,
      win * win,
      d,
    )
    const projected = net.reshape(net.linear(mixed, d, d), 1, side / win, side / win, win, win, d)
    const whole = net.reshape(net.permute(projected, 0, 1, 3, 2, 4, 5), 1, side, side, d)
    const back = shift ? roll(net, roll(net, whole, 1, -shift), 2, -shift) : whole
    y = net.op('Add', [y, back])
    y = net.op('Add', [y, net.linear(net.gelu(net.linear(net.layerNorm(y, d), d, 2 * d)), 2 * d, d)])
  }
  const out = net.conv(net.permute(y, 0, 3, 1, 2), d, 12)
  return {
    graph: net.done(
      net.op('DepthToSpace', [out], { blocksize: { int: 2 }, mode: { string: 'CRD' } }),
      [1, 3, 8, 8],
    ),
    input: [1, 3, side, side],
  }
}

function roll(net: Net, x: string, axis: number, by: number): string {
  const [big, axes] = [net.b.ints('end', [2 ** 31]), net.b.ints('axis', [axis])]
  const tail = net.op('Slice', [x, net.b.ints('from', [by]), big, axes])
  const head = net.op('Slice', [x, net.b.ints('start', [0]), net.b.ints('to', [by]), axes])
  return net.op('Concat', [tail, head], { axis: { int: axis } })
}

/** Stable Diffusion: a VAE's encoder and decoder around a UNet with time embedding, self and cross attention, GEGLU. */
export function diffusion(seed = 5): Example {
  const [c, text] = [8, 5]
  const net = new Net('diffusion', seed)
  const x = net.b.input('image', 'float32', [1, 3, 8, 8])
  const padded = net.op('Pad', [net.conv(x, 3, c), net.b.ints('pads', [0, 0, 0, 0, 0, 0, 1, 1])])
  const down = net.op('Conv', [padded, net.weight('down', [c, c, 3, 3], 0.2)], {
    kernel_shape: { ints: [3, 3] },
    strides: { ints: [2, 2] },
  })
  const latent = net.op('Split', [net.conv(net.silu(net.groupNorm(down, c, 4)), c, 8, 1)], {
    axis: { int: 1 },
  })
  // A Split has two outputs: mean and log variance.
  net.b.graph.nodes.at(-1)!.outputs.push(net.b.fresh('logvar'))
  const time = net.linear(net.silu(net.linear(net.weight('time', [1, 6]), 6, c)), c, c)
  let y = net.conv(latent, 4, c)
  const skip = y
  const emb = net.op('Unsqueeze', [time, net.b.ints('axes', [2, 3])])
  y = net.op('Add', [net.conv(net.silu(net.groupNorm(y, c, 2)), c, c), emb])
  y = net.op('Add', [net.conv(net.silu(net.groupNorm(y, c, 2)), c, c), skip])
  let tokens = net.permute(net.reshape(y, 1, c, 16), 0, 2, 1)
  for (const context of [undefined, net.weight('text', [1, 3, text])]) {
    const normal = net.layerNorm(tokens, c)
    const [q, k, v] = [
      net.linear(normal, c, c),
      net.linear(context ?? normal, context ? text : c, c),
      net.linear(context ?? normal, context ? text : c, c),
    ]
    tokens = net.op('Add', [tokens, net.linear(net.attend(q, k, v, c, 3), c, c)])
  }
  const wide = net.linear(net.layerNorm(tokens, c), c, 4 * c)
  const value = net.op('Slice', [
    wide,
    net.b.ints('a', [0]),
    net.b.ints('b', [2 * c]),
    net.b.ints('ax', [-1]),
  ])
  const gate = net.op('Slice', [
    wide,
    net.b.ints('b', [2 * c]),
    net.b.ints('e', [4 * c]),
    net.b.ints('ax', [-1]),
  ])
  tokens = net.op('Add', [tokens, net.linear(net.op('Mul', [value, net.gelu(gate)]), 2 * c, c)])
  y = net.op('Add', [y, net.reshape(net.permute(tokens, 0, 2, 1), 1, c, 4, 4)])
  const up = net.op('ConvTranspose', [y, net.weight('up', [c, c, 4, 4], 0.2)], {
    kernel_shape: { ints: [4, 4] },
    strides: { ints: [2, 2] },
    pads: { ints: [1, 1, 1, 1] },
  })
  const larger = net.op('Resize', [up, '', net.b.floats('scales', [1, 1, 2, 2], [4])], {
    mode: { string: 'linear' },
  })
  return {
    graph: net.done(net.conv(net.silu(net.groupNorm(larger, c, 4)), c, 3), [1, 3, 16, 16]),
    input: [1, 3, 8, 8],
  }
}

/** An Inception module: batch normalisation, four branches, both poolings, valid padding. */
export function inception(seed = 6): Example {
  const net = new Net('inception', seed)
  const x = net.b.input('image', 'float32', ['n', 3, 'h', 'w'])
  const unit = (input: string, ins: number, outs: number, k: number, stride = 1) => {
    const inputs = [
      net.conv(input, ins, outs, k, stride),
      net.weight('bn.scale', [outs], 0.2, 1),
      net.weight('bn.bias', [outs], 0.1),
    ]
    const moving = [net.weight('bn.mean', [outs], 0.1), net.weight('bn.var', [outs], 0.1, 0.5)]
    return net.op('Relu', [
      net.op('BatchNormalization', [...inputs, ...moving], { epsilon: { float: 1e-3 } }),
    ])
  }
  const pool = (op: string, input: string, stride: number, pads: number) =>
    net.op(op, [input], {
      kernel_shape: { ints: [3, 3] },
      strides: { ints: [stride, stride] },
      pads: { ints: [pads, pads, pads, pads] },
    })
  const stem = pool('MaxPool', unit(x, 3, 4, 3), 2, 0)
  const average = unit(pool('AveragePool', stem, 1, 1), 4, 2, 1)
  const branches = [unit(stem, 4, 2, 1), unit(unit(stem, 4, 2, 1), 2, 3, 3), average]
  return {
    graph: net.done(net.op('Concat', branches, { axis: { int: 1 } }), ['n', 7, 'H', 'W'] as never),
    input: [2, 3, 9, 9],
  }
}

/** The mean of the squared output, as a scalar. */
export function withLoss(graph: Graph): Graph {
  const builder = GraphBuilder.from(graph)
  const [output] = builder.graph.outputs.splice(0)
  const square = builder.node('Mul', [output.name, output.name])
  builder.output(builder.node('ReduceMean', [square], { keepdims: { int: 0 } }, 'loss'), 'float32', [])
  return builder.graph
}
