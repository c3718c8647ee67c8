import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { type NdArray, toTensor } from '../../../src/kernel/autodiff/reference/array.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import type { Graph, Tensor } from '../../../src/kernel/onnx/graph.ts'
import { writeGraph } from '../../../src/kernel/onnx/write.ts'
import { type Case, draw, graphOf } from './cases.ts'

export const array = (dims: readonly number[], values: readonly number[]): NdArray => ({
  type: 'float32',
  dims,
  data: Float64Array.from(values),
})

/** The graph of a case, with its output shapes filled in by running it. */
export function graphOfCase(each: Case): { graph: Graph; feeds: Record<string, NdArray> } {
  const feeds = Object.fromEntries(each.shapes.map((dims, i) => [`x${i}`, array(dims, draw(each, dims, i))]))
  const outputs = each.outputs ?? 1
  const bare = graphOf(
    each,
    Array.from({ length: outputs }, () => []),
  )
  bare.nodes.length = 1
  bare.outputs = bare.nodes[0].outputs.map(name => ({ name, type: 'float32', dims: [] }))
  const results = evaluate(bare, feeds)
  return {
    graph: graphOf(
      each,
      bare.outputs.map(({ name }) => results[name].dims),
    ),
    feeds,
  }
}

/** Central differences (five points, fourth order) of a graph's loss with respect to every element of one input. */
export function centralDifferences(
  graph: Graph,
  feeds: Record<string, NdArray>,
  input: string,
  h = 1e-3,
): number[] {
  const base = feeds[input]
  return Array.from(base.data, (value, i) => {
    const at = (x: number) =>
      evaluate(graph, { ...feeds, [input]: { ...base, data: base.data.with(i, value + x) } }).loss.data[0]
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
  })
}

/** Runs a graph on onnxruntime's CPU provider. */
export async function runNative(
  graph: Graph,
  feeds: Record<string, NdArray>,
): Promise<Record<string, number[]>> {
  const session = await openNative(graph)
  try {
    return await session.run(feeds)
  } finally {
    await session.end()
  }
}

/** A session for several runs of one graph. */
export async function openNative(graph: Graph, optimization: 'all' | 'basic' = 'all') {
  const session = await InferenceSession.create(writeGraph(graph), {
    executionProviders: ['cpu'],
    graphOptimizationLevel: optimization,
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  })
  return {
    async run(feeds: Record<string, NdArray>): Promise<Record<string, number[]>> {
      const inputs = session.inputNames.map(name => [name, ortTensor(toTensor(feeds[name]))])
      const outputs = Object.entries(await session.run(Object.fromEntries(inputs)))
      return Object.fromEntries(
        outputs.map(([name, value]) => [name, Array.from(value.data as Float32Array)]),
      )
    },
    end: () => session.release(),
  }
}

export function ortTensor(tensor: Tensor): OrtTensor {
  return new OrtTensor(tensor.type as 'float32', tensor.data as Float32Array, tensor.dims)
}

/** Largest difference, relative to the largest expected magnitude (at least `floor`). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor: number): number {
  let scale = floor
  let worst = 0
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]))
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i])
    if (!(difference <= worst)) worst = difference
  }
  return actual.length === expected.length ? worst / scale : Number.POSITIVE_INFINITY
}
