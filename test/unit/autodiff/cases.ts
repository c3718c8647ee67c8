import fc from 'fast-check'
import type { Attributes } from '../../../src/kernel/autodiff/attributes.ts'
import { countOf } from '../../../src/kernel/onnx/elements.ts'
import type { Graph, Tensor } from '../../../src/kernel/onnx/graph.ts'

/** One application of an operator to random numbers, as a graph with a random weighted sum of the output as its loss. */
export interface Case {
  op: string
  opset?: number
  /** Shapes of the floating-point inputs, which come first unless `order` says otherwise. */
  shapes: number[][]
  /** Constant inputs by position. */
  constants?: Record<number, Tensor>
  attributes?: Attributes
  /** How to draw numbers: anything, positive, or well apart from each other and from zero (for kinks and ties). */
  values?: 'any' | 'positive' | 'apart'
  outputs?: number
  seed: number
}

export const ints = (...values: number[]): Tensor => ({
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
})
export const tensor = (
  dims: number[],
  values: number[],
  type: 'float32' | 'bool' | 'int64' = 'float32',
): Tensor => {
  if (type === 'int64') return { type, dims, data: BigInt64Array.from(values, BigInt) }
  return { type, dims, data: type === 'bool' ? Uint8Array.from(values) : Float32Array.from(values) }
}

/** Deterministic numbers in -1..1 (a linear congruential generator). */
export function noise(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

export function draw(
  { values, seed }: Pick<Case, 'values' | 'seed'>,
  dims: readonly number[],
  input: number,
): number[] {
  const next = noise(seed * 31 + input)
  const count = countOf(dims)
  if (values !== 'apart') {
    return Array.from({ length: count }, () => (values === 'positive' ? 0.5 + Math.abs(next()) : next()))
  }
  // A shuffled ladder with steps of at least 0.02, none near a multiple of 0.02 (where the kinks are); inputs interleave so that they never tie either.
  const ladder = Array.from({ length: count }, (_, i) => ((i - (count >> 1)) * 4 + input) * 0.02 + 0.0133)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(((next() + 1) / 2) * (i + 1))
    ;[ladder[i], ladder[j]] = [ladder[j], ladder[i]]
  }
  return ladder
}

/** `loss = sum over the outputs of a fixed random weight times the output`, so that no gradient is special. */
export function graphOf(each: Case, outputDims: readonly (readonly number[])[]): Graph {
  const names: string[] = []
  const initializers = new Map<string, Tensor>()
  let next = 0
  const total = each.shapes.length + Object.keys(each.constants ?? {}).length
  for (let position = 0; names.length < total || each.constants?.[position]; position++) {
    const constant = each.constants?.[position]
    if (constant) initializers.set(`k${position}`, constant)
    names.push(constant ? `k${position}` : next < each.shapes.length ? `x${next++}` : '')
    if (position > 8) break
  }
  const outputs = outputDims.map((_, i) => `y${i}`)
  const nodes = [{ op: each.op, name: 'it', inputs: names, outputs, attributes: { ...each.attributes } }]
  const terms = outputDims.map((dims, i) => {
    const random = noise(each.seed + 7 * i)
    initializers.set(`w${i}`, tensor([...dims], Array.from({ length: countOf(dims) }, random)))
    nodes.push({
      op: 'Mul',
      name: `weigh${i}`,
      inputs: [`y${i}`, `w${i}`],
      outputs: [`m${i}`],
      attributes: {},
    })
    nodes.push({
      op: 'ReduceSum',
      name: `total${i}`,
      inputs: [`m${i}`],
      outputs: [`t${i}`],
      attributes: { keepdims: { int: 0 } },
    })
    return `t${i}`
  })
  nodes.push({ op: 'Sum', name: 'loss', inputs: terms, outputs: ['loss'], attributes: {} })
  return {
    name: each.op,
    opset: each.opset ?? 18,
    inputs: each.shapes.map((dims, i) => ({ name: `x${i}`, type: 'float32', dims })),
    outputs: [{ name: 'loss', type: 'float32', dims: [] }],
    nodes,
    initializers,
    metadata: {},
  }
}

const size = fc.integer({ min: 1, max: 4 })
const shape = fc.array(size, { minLength: 1, maxLength: 4 })
const seed = fc.integer({ min: 0, max: 1e6 })
type Drawn = Omit<Case, 'op' | 'seed'>
type Build = fc.Arbitrary<Drawn>

/** Two shapes that broadcast, in either direction. */
const broadcasting = fc.tuple(shape, fc.infiniteStream(fc.boolean()), fc.nat(3)).map(([dims, ones, drop]) => {
  const thin = () => dims.map(d => (ones.next().value ? 1 : d))
  const cut = Math.min(drop, dims.length - 1)
  return { shapes: [thin(), dims.map(d => (ones.next().value ? 1 : d)).slice(cut)] }
})

const unary = (values: Case['values'] = 'any', attributes?: Attributes): Build =>
  shape.map(dims => ({ shapes: [dims], values, attributes }))
const binary = (values: Case['values'] = 'any'): Build =>
  broadcasting.map(({ shapes }) => ({ shapes, values }))

const reduction = (values: Case['values'] = 'any'): Build =>
  fc.record({ dims: shape, mask: fc.nat(15), keep: fc.nat(1) }).map(({ dims, mask, keep }) => {
    const axes = dims.map((_, axis) => axis).filter(axis => mask & (1 << axis))
    const given = axes.length > 0 ? { 1: ints(...axes) } : undefined
    return { shapes: [dims], values, constants: given, attributes: { keepdims: { int: keep } } }
  })

const axisOf = (values: Case['values'] = 'any'): Build =>
  fc.record({ dims: shape, pick: fc.nat(3) }).map(({ dims, pick }) => ({
    shapes: [dims],
    values,
    attributes: { axis: { int: (pick % dims.length) - (pick > 1 ? dims.length : 0) } },
  }))

const pick = (random: number, below: number) => random % below

/** Spatial windows: kernel, stride, dilation and padding that fit their image. */
const windows = (rank: 1 | 2) =>
  fc.record({
    n: fc.integer({ min: 1, max: 2 }),
    kernel: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: rank, maxLength: rank }),
    strides: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: rank, maxLength: rank }),
    dilations: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: rank, maxLength: rank }),
    pads: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2 * rank, maxLength: 2 * rank }),
    extra: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: rank, maxLength: rank }),
    group: fc.integer({ min: 1, max: 2 }),
    ins: fc.integer({ min: 1, max: 3 }),
    outs: fc.integer({ min: 1, max: 3 }),
    bias: fc.boolean(),
    plain: fc.boolean(),
  })

const convolution = (transpose: boolean): Build =>
  fc.oneof(windows(2), windows(1)).map(w => {
    const dilations = w.plain ? w.kernel.map(() => 1) : w.dilations
    const strides = w.plain && w.extra[0] > 1 ? w.kernel.map(() => 1) : w.strides
    const sizes = w.kernel.map((k, i) => (transpose ? 2 : (k - 1) * dilations[i] + 1) + w.extra[i])
    const pads = transpose
      ? w.pads.map((p, i) => Math.min(p, w.kernel[i % w.kernel.length] - 1) >> 1)
      : w.pads
    const x = [w.n, w.ins * w.group, ...sizes]
    const weight = transpose ? [w.ins * w.group, w.outs, ...w.kernel] : [w.outs * w.group, w.ins, ...w.kernel]
    const padding = transpose ? { output_padding: { ints: strides.map(s => Math.min(s - 1, 1)) } } : undefined
    return {
      shapes: [x, weight, ...(w.bias ? [[w.outs * w.group]] : [])],
      attributes: {
        strides: { ints: strides },
        dilations: { ints: dilations },
        pads: { ints: pads },
        group: { int: w.group },
        ...padding,
      },
    }
  })

/** Transposed convolutions that name the sizes of their output. */
const sized: Build = fc
  .record({
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    less: fc.integer({ min: 0, max: 3 }),
    auto: fc.constantFrom('NOTSET', 'SAME_UPPER', 'SAME_LOWER'),
    named: fc.boolean(),
  })
  .map(({ kernel, stride: step, dilation, less, auto, named }) => {
    const reach = (kernel - 1) * dilation + 1
    // Else ONNX and onnxruntime disagree about the size, unless it is named.
    const stride = named ? step : Math.min(step, reach)
    // Of an output smaller than its input ONNX infers no shape.
    const sizes = [3, 4].map(size => Math.max(size, stride * (size - 1) + reach - less))
    return {
      shapes: [
        [1, 2, 3, 4],
        [2, 2, kernel, kernel],
      ],
      attributes: {
        strides: { ints: [stride, stride] },
        dilations: { ints: [dilation, dilation] },
        auto_pad: { string: named ? auto : auto === 'NOTSET' ? 'SAME_UPPER' : auto },
        ...(named && { output_shape: { ints: sizes } }),
      },
    }
  })

/** Wide convolutions with few channels on one side or the other, so that each form of the kernel's gradient is chosen. */
const lopsided: Build = fc
  .record({
    n: fc.integer({ min: 1, max: 2 }),
    channels: fc.constantFrom([1, 6], [6, 1], [4, 4]),
    d: fc.integer({ min: 1, max: 2 }),
    same: fc.boolean(),
  })
  .map(({ n, channels: [ins, outs], d, same }) => ({
    shapes: [
      [n, ins, 5, 6],
      [outs, ins, 3, 3],
    ],
    attributes: { dilations: { ints: [d, d] }, ...(same ? { pads: { ints: [d, d, d, d] } } : {}) },
  }))

const pool = (average: boolean): Build =>
  windows(2).map(w => {
    // A last window in the padding alone is dropped by onnxruntime's kernel but not by its shape inference.
    const ceil = w.plain && !(average && w.bias)
    return {
      shapes: [[w.n, w.ins, ...w.kernel.map((k, i) => k + 2 + w.extra[i])]],
      values: 'apart',
      attributes: {
        kernel_shape: { ints: w.kernel },
        strides: { ints: w.strides.map((stride, i) => Math.min(stride, w.kernel[i])) },
        pads: { ints: w.pads.map((p, i) => (ceil ? 0 : Math.min(p, w.kernel[i % 2] - 1))) },
        ...(average ? { count_include_pad: { int: w.bias ? 1 : 0 } } : {}),
        ...(ceil ? { ceil_mode: { int: 1 } } : {}),
      },
    }
  })

const resize: Build = fc
  .record({
    sizes: fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 })),
    factor: fc.constantFrom(2, 3, 1.5, 0.5),
    mode: fc.constantFrom('nearest', 'linear', 'cubic'),
    place: fc.constantFrom('half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel'),
  })
  .map(({ sizes, factor, mode, place }) => ({
    shapes: [[1, 2, ...sizes]],
    constants: { 2: tensor([4], [1, 1, factor, factor]) },
    attributes: {
      mode: { string: mode },
      coordinate_transformation_mode: { string: place },
      ...(mode === 'nearest' ? { nearest_mode: { string: 'floor' } } : {}),
    },
  }))

const matmul: Build = fc
  .record({ m: size, k: size, n: size, batch: broadcasting, form: fc.nat(5) })
  .map(({ m, k, n, batch, form }) => {
    const [left, right] = batch.shapes
    const forms = [
      [
        [m, k],
        [k, n],
      ],
      [[k], [k, n]],
      [[m, k], [k]],
      [
        [...left, m, k],
        [k, n],
      ],
      [
        [...left, m, k],
        [...right, k, n],
      ],
      [
        [m, k],
        [...right, k, n],
      ],
    ]
    return { shapes: forms[form] }
  })

const gemm: Build = fc
  .record({ m: size, k: size, n: size, transA: fc.nat(1), transB: fc.nat(1), bias: fc.nat(3) })
  .map(({ m, k, n, transA, transB, bias }) => ({
    shapes: [transA ? [k, m] : [m, k], transB ? [n, k] : [k, n], ...[[], [[n]], [[m, 1]], [[m, n]]][bias]],
    attributes: {
      transA: { int: transA },
      transB: { int: transB },
      alpha: { float: 0.5 },
      beta: { float: 2 },
    },
  }))

const einsum: Build = fc
  .record({
    equation: fc.constantFrom(
      'ij,jk->ik',
      'bhqd,bhkd->bhqk',
      'bi,bj->bij',
      'ij->ji',
      'bhwc,hkc->bhwk',
      'ij,ij->i',
      'ij->j',
    ),
    sizes: fc.tuple(size, size, size, size, size),
  })
  .map(({ equation, sizes }) => {
    const letters = [...new Set(equation.replace(/[^a-z]/g, ''))]
    const operands = equation.split('->')[0].split(',')
    return {
      shapes: operands.map(labels => [...labels].map(label => sizes[letters.indexOf(label)])),
      attributes: { equation: { string: equation } },
    }
  })

const sliced: Build = fc
  .record({
    dims: fc.array(fc.integer({ min: 2, max: 6 }), { minLength: 1, maxLength: 3 }),
    r: fc.array(fc.nat(100), { minLength: 3, maxLength: 3 }),
  })
  .map(({ dims, r }) => {
    const axis = pick(r[0], dims.length)
    const start = pick(r[1], dims[axis])
    const step = [1, 2, 3, -1, -2][pick(r[2], 5)]
    const end = step > 0 ? dims[axis] : -dims[axis] - 1
    return { shapes: [dims], constants: { 1: ints(start), 2: ints(end), 3: ints(axis), 4: ints(step) } }
  })

const padded: Build = fc
  .record({
    h: fc.integer({ min: 3, max: 5 }),
    w: fc.integer({ min: 3, max: 5 }),
    p: fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
    mode: fc.constantFrom('constant', 'reflect', 'edge'),
    crop: fc.boolean(),
  })
  .map(({ h, w, p, mode, crop }) => ({
    shapes: [[2, h, w]],
    constants: { 1: ints(0, crop && mode === 'constant' ? -1 : p[0], p[1], 0, p[2], p[3]) },
    attributes: { mode: { string: mode } },
  }))

const gathered: Build = fc
  .record({
    dims: fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 3 }),
    axis: fc.nat(5),
    indices: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
    form: fc.nat(2),
  })
  .map(({ dims, axis: raw, indices, form }) => {
    const axis = pick(raw, dims.length)
    const inside = indices.map(i => (i % (2 * dims[axis])) - dims[axis])
    const run = Array.from({ length: dims[axis] - 1 }, (_, i) => i + 1)
    const forms = [
      tensor([], [inside[0]], 'int64'),
      tensor([1, inside.length], inside, 'int64'),
      tensor([run.length], run, 'int64'),
    ]
    return { shapes: [dims], constants: { 1: forms[form] }, attributes: { axis: { int: axis } } }
  })

const blocks = (mode?: string): Build =>
  fc
    .record({ n: size, c: size, h: size, w: size, block: fc.integer({ min: 1, max: 3 }) })
    .map(({ n, c, h, w, block }) => ({
      shapes: [mode ? [n, c * block * block, h, w] : [n, c, h * block, w * block]],
      attributes: { blocksize: { int: block }, ...(mode ? { mode: { string: mode } } : {}) },
    }))

const normalised = (layer: boolean): Build =>
  fc
    .record({
      n: size,
      c: size,
      s: fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 2 }),
      back: fc.nat(1),
      bias: fc.boolean(),
    })
    .map(({ n, c, s, back, bias }): Drawn => {
      const dims = [n, c, ...s]
      if (!layer) return { shapes: [dims, [c], [c]], attributes: { epsilon: { float: 0.1 } } }
      const tail = dims.slice(dims.length - 1 - back)
      return {
        shapes: [dims, tail, ...(bias ? [tail] : [])],
        attributes: { axis: { int: -tail.length }, epsilon: { float: 0.1 } },
      }
    })

const conditions = (dims: number[]) =>
  tensor(
    dims,
    Array.from({ length: countOf(dims) }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0)),
    'bool',
  )

/** How to draw an application of each operator. Every operator with a gradient rule or a lowering has a row. */
export const CASES: Record<string, Build> = {
  Add: binary(),
  Sub: binary(),
  Mul: binary(),
  Div: binary('positive'),
  Pow: binary('positive'),
  Mod: shape.map(dims => ({
    shapes: [dims],
    values: 'apart',
    constants: { 1: tensor([1], [1.36]) },
    attributes: { fmod: { int: 1 } },
  })),
  Max: binary('apart'),
  Min: binary('apart'),
  PRelu: shape.map(dims => ({ shapes: [dims, [dims.at(-1)!]], values: 'apart' })),
  Where: shape.map(dims => ({ shapes: [dims, [dims.at(-1)!]], constants: { 0: conditions(dims) } })),
  Clip: shape.map(dims => ({
    shapes: [dims],
    values: 'apart',
    constants: { 1: tensor([], [-0.12]), 2: tensor([], [0.16]) },
  })),
  Cast: unary('any', { to: { int: 1 } }),
  Neg: unary(),
  Abs: unary('apart'),
  Exp: unary(),
  Log: unary('positive'),
  Sqrt: unary('positive'),
  Sin: unary(),
  Cos: unary(),
  Reciprocal: unary('positive'),
  Erf: unary(),
  Tanh: unary(),
  Sigmoid: unary(),
  Softplus: unary(),
  Relu: unary('apart'),
  LeakyRelu: unary('apart', { alpha: { float: 0.2 } }),
  Elu: unary('apart', { alpha: { float: 0.7 } }),
  Floor: unary('apart'),
  Ceil: unary('apart'),
  Round: unary('apart'),
  Sign: unary('apart'),
  ReduceSum: reduction(),
  ReduceMean: reduction(),
  ReduceMax: reduction('apart'),
  ReduceMin: reduction('apart'),
  ReduceProd: reduction('positive'),
  Softmax: axisOf(),
  LogSoftmax: axisOf(),
  CumSum: fc
    .record({ dims: shape, axis: fc.nat(3), exclusive: fc.nat(1), reverse: fc.nat(1) })
    .map(({ dims, axis, exclusive, reverse }) => ({
      shapes: [dims],
      constants: { 1: tensor([], [pick(axis, dims.length)], 'int64') },
      attributes: { exclusive: { int: exclusive }, reverse: { int: reverse } },
    })),
  Reshape: shape.map(dims => ({ shapes: [dims], constants: { 1: ints(-1, dims[0]) } })),
  Transpose: fc.record({ dims: shape, turn: fc.nat(3) }).map(({ dims, turn }) => ({
    shapes: [dims],
    attributes: { perm: { ints: dims.map((_, i) => (i + turn) % dims.length) } },
  })),
  Concat: fc
    .record({
      dims: shape,
      parts: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(49, 60)),
      axis: fc.nat(3),
    })
    .map(({ dims: all, parts, axis: raw }) => {
      // Many parts are small ones: every element costs four evaluations of all.
      const dims = parts > 9 ? all.slice(0, 2) : all
      const axis = pick(raw, dims.length)
      return {
        shapes: Array.from({ length: parts }, (_, i) => dims.with(axis, 1 + (i % 3))),
        attributes: { axis: { int: axis } },
      }
    }),
  Slice: sliced,
  Pad: padded,
  Expand: shape.map(dims => ({
    shapes: [dims.map((d, i) => (i % 2 ? d : 1))],
    constants: { 1: ints(2, ...dims) },
  })),
  Tile: shape.map(dims => ({ shapes: [dims], constants: { 1: ints(...dims.map((_, i) => 1 + (i % 3))) } })),
  Trilu: fc
    .record({ m: size, n: size, upper: fc.nat(1), k: fc.integer({ min: -2, max: 2 }) })
    .map(({ m, n, upper, k }) => ({
      shapes: [[2, m, n]],
      constants: { 1: tensor([], [k], 'int64') },
      attributes: { upper: { int: upper } },
    })),
  DepthToSpace: fc.oneof(blocks('DCR'), blocks('CRD')),
  SpaceToDepth: blocks(),
  Gather: gathered,
  GatherElements: fc.constant({
    shapes: [[3, 3]],
    constants: { 1: tensor([2, 3], [1, 2, 0, 2, 0, 0], 'int64') },
    attributes: { axis: { int: 1 } },
  }),
  GatherND: fc.constant({
    shapes: [[3, 2, 2]],
    constants: { 1: tensor([3, 2], [0, 1, 2, 0, 0, 1], 'int64') },
  }),
  ScatterND: fc.constantFrom('none', 'add').map(reduction => ({
    shapes: [
      [4, 2],
      [2, 2],
    ],
    constants: { 1: tensor([2, 1], [3, 1], 'int64') },
    attributes: { reduction: { string: reduction } },
  })),
  MatMul: matmul,
  Gemm: gemm,
  Einsum: einsum,
  Conv: fc.oneof(convolution(false), lopsided),
  ConvTranspose: fc.oneof(convolution(true), sized),
  MaxPool: pool(false),
  AveragePool: pool(true),
  LayerNormalization: normalised(true),
  InstanceNormalization: normalised(false),
  Resize: resize,
  // Operators that are lowered to those above.
  Sum: shape.map(dims => ({ shapes: [dims, dims, [dims.at(-1)!]] })),
  Mean: shape.map(dims => ({ shapes: [dims, dims, [dims.at(-1)!]] })),
  Gelu: fc
    .constantFrom('none', 'tanh')
    .chain(form =>
      shape.map(dims => ({ shapes: [dims], opset: 20, attributes: { approximate: { string: form } } })),
    ),
  HardSigmoid: unary('apart'),
  HardSwish: unary('apart'),
  Mish: unary(),
  Softsign: unary('apart'),
  ReduceL1: reduction('apart'),
  ReduceL2: reduction('positive'),
  ReduceSumSquare: reduction(),
  ReduceLogSum: reduction('positive'),
  ReduceLogSumExp: reduction(),
  GlobalAveragePool: shape.map(dims => ({ shapes: [[2, 2, ...dims.slice(0, 2)]] })),
  GlobalMaxPool: shape.map(dims => ({ shapes: [[2, 2, ...dims.slice(0, 2)]], values: 'apart' })),
  LpNormalization: fc
    .constantFrom(1, 2)
    .map(p => ({ shapes: [[3, 4]], values: 'positive', attributes: { axis: { int: 1 }, p: { int: p } } })),
  BatchNormalization: fc
    .record({ n: size, c: size, h: size })
    .map(({ n, c, h }) => ({ shapes: [[n, c, h, 2], [c], [c], [c], [c]], values: 'positive' })),
  GroupNormalization: fc
    .record({ n: size, g: fc.integer({ min: 1, max: 2 }), h: size })
    .map(({ n, g, h }) => ({
      shapes: [[n, g * 2, h, 3], [g * 2], [g * 2]],
      opset: 21,
      attributes: { num_groups: { int: g }, epsilon: { float: 0.1 } },
    })),
  Identity: unary(),
  Dropout: unary(),
  Flatten: axisOf(),
  Squeeze: fc.constant({ shapes: [[1, 3, 1, 2]], constants: { 1: ints(0, -2) } }),
  Unsqueeze: shape.map(dims => ({ shapes: [dims], constants: { 1: ints(0, -1) } })),
  Split: fc.record({ n: size, parts: fc.constantFrom<number[]>([1, 2], [2, 1, 3]) }).map(({ n, parts }) => ({
    shapes: [[n, parts.reduce((a, b) => a + b)]],
    constants: { 1: ints(...parts) },
    attributes: { axis: { int: 1 } },
    outputs: parts.length,
  })),
}

/** Random applications of one operator. */
export const casesOf = (op: string): fc.Arbitrary<Case> =>
  fc.tuple(CASES[op], seed).map(([each, s]) => ({ ...each, op, seed: s }))
