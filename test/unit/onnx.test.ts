import fc from 'fast-check'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { MirageError } from '../../src/kernel/errors.ts'
import { GraphBuilder } from '../../src/kernel/onnx/builder.ts'
import { countOf, ELEMENTS, emptyArray } from '../../src/kernel/onnx/elements.ts'
import type { Attribute, DataType, Graph, Tensor } from '../../src/kernel/onnx/graph.ts'
import { readGraph, readSignature } from '../../src/kernel/onnx/read.ts'
import { writeGraph } from '../../src/kernel/onnx/write.ts'

/** y = relu(x * w + b) with a symbolic batch. */
function affine(): Graph {
  const builder = new GraphBuilder('affine')
  const x = builder.input('x', 'float32', ['n', 2])
  const product = builder.node('MatMul', [x, builder.floats('w', [1, -2, 3, 4, 5, -6], [2, 3])])
  const sum = builder.node('Add', [product, builder.floats('b', [0.5, 0, -1], [3])])
  builder.graph.nodes.push({ op: 'Relu', name: 'y', inputs: [sum], outputs: ['y'], attributes: {} })
  builder.output('y', 'float32', ['n', 3])
  return builder.graph
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof MirageError) return error.info.code
    throw error
  }
  return 'no error'
}

const name = fc.string({ minLength: 1, maxLength: 6 })
const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom<DataType>(...(Object.keys(ELEMENTS) as DataType[])),
    fc.array(fc.nat(3), { maxLength: 3 }),
    fc.infiniteStream(fc.nat(1)),
  )
  .map(([type, dims, bits]) => {
    const data = emptyArray(type, countOf(dims))
    for (let i = 0; i < data.length; i++) {
      const bit = bits.next().value as number
      data[i] = type === 'int64' ? BigInt(bit) : bit
    }
    return { type, dims, data }
  })
const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.record({ int: fc.integer() }),
  fc.record({ float: fc.float({ noNaN: true }) }),
  fc.record({ string: fc.string() }),
  fc.record({ ints: fc.array(fc.integer()) }),
  fc.record({ floats: fc.array(fc.float({ noNaN: true })) }),
  fc.record({ strings: fc.array(fc.string()) }),
  fc.record({ tensor }),
)
const valueInfo = fc.record({
  name,
  type: fc.constantFrom<DataType>('float32', 'float16', 'int64'),
  dims: fc.array(fc.oneof(fc.nat(9), fc.constantFrom('n', 'height', ''))),
})
const anyGraph: fc.Arbitrary<Graph> = fc
  .record({
    name,
    opset: fc.integer({ min: 7, max: 23 }),
    inputs: fc.array(
      valueInfo.map(info => ({ ...info, name: `in ${info.name}` })),
      { maxLength: 3 },
    ),
    outputs: fc.array(valueInfo, { minLength: 1, maxLength: 3 }),
    nodes: fc.array(
      fc.record({
        op: name,
        name,
        inputs: fc.array(fc.string({ maxLength: 4 })),
        outputs: fc.array(name),
        attributes: fc.dictionary(name, attribute),
      }),
      { maxLength: 4 },
    ),
    initializers: fc.array(fc.tuple(name, tensor), { maxLength: 4 }).map(entries => new Map(entries)),
    metadata: fc.dictionary(name, fc.string()),
  })
  // fast-check makes records without a prototype, which toEqual tells apart.
  .map(graph => structuredClone(graph))

describe('reading and writing ONNX', () => {
  test('a graph that is written and read again is equal', () => {
    fc.assert(
      fc.property(anyGraph, graph => {
        expect(readGraph(writeGraph(graph))).toEqual(graph)
      }),
      { numRuns: 60 },
    )
  })

  test('a written graph runs in onnxruntime and gives the values computed by hand', async () => {
    const session = await InferenceSession.create(writeGraph(affine()))
    const x = new OrtTensor('float32', Float32Array.of(1, 2, -1, 0), [2, 2])
    const { y } = await session.run({ x })
    expect(y.dims).toEqual([2, 3])
    // [1 2] w + b = [9.5 8 -10], [-1 0] w + b = [-0.5 2 -4], then relu.
    expect([...(y.data as Float32Array)]).toEqual([9.5, 8, 0, 0, 2, 0])
    await session.release()
  })

  test('a file that is cut anywhere is refused as unreadable', () => {
    const bytes = writeGraph(affine())
    for (let length = 0; length < bytes.length; length++) {
      expect(
        codeOf(() => readGraph(bytes.subarray(0, length))),
        `${length} of ${bytes.length} bytes`,
      ).toBe('model-unreadable')
    }
  })

  test('damaged bytes give a graph or a MirageError, never another exception', () => {
    const bytes = writeGraph(affine())
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const damaged = bytes.slice()
        damaged[index] ^= flip
        expect(['no error', 'model-unreadable', 'model-unsupported']).toContain(
          codeOf(() => readGraph(damaged)),
        )
      }),
      { numRuns: 500 },
    )
  })

  test('the signature is read without the nodes', () => {
    const { inputs, outputs } = readSignature(writeGraph(affine()))
    expect(inputs).toEqual([{ name: 'x', type: 'float32', dims: ['n', 2] }])
    expect(outputs).toEqual([{ name: 'y', type: 'float32', dims: ['n', 3] }])
  })
})

describe('GraphBuilder', () => {
  test('names stay distinct, also against those of the graph it goes on from', () => {
    const builder = GraphBuilder.from(affine())
    const names = [builder.fresh('w'), builder.fresh('w'), builder.fresh('add'), builder.fresh('new')]
    expect(new Set([...names, 'w', 'b', 'x', 'y', 'matmul', 'add']).size).toBe(names.length + 6)
  })

  test('a constant whose data do not fill its shape is refused', () => {
    expect(() => new GraphBuilder('g').floats('w', [1, 2, 3], [2, 2])).toThrow('3 elements do not fill [2,2]')
  })
})
