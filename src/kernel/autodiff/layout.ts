import { countOf } from '../onnx/elements.ts'
import type { Graph, Tensor } from '../onnx/graph.ts'
import * as o from './ops.ts'
import type { Value } from './tape.ts'

/** Where each trained tensor lies in the one vector that holds them all. */
export interface Layout {
  count: number
  parts: { name: string; dims: number[]; offset: number }[]
}

export function layoutOf(graph: Graph, trained: readonly string[]): Layout {
  let count = 0
  const parts = trained.map(name => {
    const { dims } = graph.initializers.get(name)!
    const offset = count
    count += countOf(dims)
    return { name, dims, offset }
  })
  return { count, parts }
}

/** The trained tensors of a graph as one vector. */
export function pack(layout: Layout, graph: Graph): Float32Array {
  const vector = new Float32Array(layout.count)
  for (const { name, offset } of layout.parts) {
    vector.set(graph.initializers.get(name)!.data as Float32Array, offset)
  }
  return vector
}

/** A vector as named tensors. */
export function unpack(layout: Layout, vector: Float32Array): Map<string, Tensor> {
  return new Map(
    layout.parts.map(({ name, dims, offset }) => {
      const data = vector.slice(offset, offset + countOf(dims))
      return [name, { type: 'float32', dims, data }] as [string, Tensor]
    }),
  )
}

/** The same in a graph. */
export function views(layout: Layout, vector: Value): Map<string, Value> {
  return new Map(
    layout.parts.map(({ name, dims, offset }) => [
      name,
      o.reshape(o.slice(vector, 0, offset, offset + countOf(dims)), dims),
    ]),
  )
}

/** Tensors in the layout's order as one vector, in a graph. */
export function flatten(values: readonly Value[]): Value {
  return o.concat(
    values.map(value => o.reshape(value, [o.count(value)])),
    0,
  )
}
