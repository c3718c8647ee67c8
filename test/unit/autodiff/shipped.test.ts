import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { weightsOf } from '../../../src/kernel/autodiff/adapters/weights.ts'
import { foldConstants } from '../../../src/kernel/autodiff/constants.ts'
import { differentiate } from '../../../src/kernel/autodiff/differentiate.ts'
import { fromTensor, type NdArray } from '../../../src/kernel/autodiff/reference/array.ts'
import { embeddedModels } from '../../../src/kernel/models/folder.ts'
import { GraphBuilder } from '../../../src/kernel/onnx/builder.ts'
import type { Graph } from '../../../src/kernel/onnx/graph.ts'
import { readGraph } from '../../../src/kernel/onnx/read.ts'
import { noise } from './cases.ts'
import { array, openNative } from './numbers.ts'

/** Mean square of every output, added up. */
function withLoss(graph: Graph): Graph {
  const builder = GraphBuilder.from(graph)
  const squares = builder.graph.outputs.splice(0).map(({ name }) => {
    const mean = builder.node('ReduceMean', [builder.node('Mul', [name, name])], { keepdims: { int: 0 } })
    return mean
  })
  builder.output(builder.node('Sum', squares, {}, 'loss'), 'float32', [])
  return builder.graph
}

/** The step of the differences is a share of the loss: smaller where channels of great gain soon pass a bend of their Clip. */
const MODELS: [id: string, side: number, step: number][] = [
  ['realesr-general-x4v3', 12, 1e-3],
  ['realesrgan-x4plus', 8, 1e-3],
  ['rrdn-thick-x4', 8, 1e-3],
  ['imagenet-inception', 75, 1e-3],
  ['imagenet-mobilenet', 32, 2e-4],
]

// The largest has 16.7 million weights to fold and a session of four thousand nodes to make.
describe.each(MODELS)('%s', { timeout: 600_000 }, (id, side, step) => {
  test('has the slope that differences give, with respect to the image and to its weights', async () => {
    const graph = withLoss(foldConstants(readGraph(readFileSync(join(embeddedModels(), `${id}.onnx`)))))
    const weights = weightsOf(graph)
    // The first, the last and one between: every layer lies on the way to the first.
    const chosen = [weights[0], weights[weights.length >> 1], weights.at(-1)!].map(weight => weight.name)
    const input = graph.inputs[0].name
    const wrt = [input, ...chosen]
    const next = noise(5)
    const image = array(
      [1, 3, side, side],
      Array.from({ length: 3 * side * side }, (_, i) => 0.5 + 0.3 * Math.sin(i / 7) + 0.1 * next()),
    )
    const at: Record<string, NdArray> = { [input]: image }
    for (const name of chosen) at[name] = fromTensor(graph.initializers.get(name)!)
    const backward = differentiate(graph, { dims: { [input]: image.dims }, loss: 'loss', wrt })
    const session = await openNative(backward, 'basic')
    const gradients = await session.run(at)

    for (const name of wrt) {
      const slope = gradients[`grad/${name}`]
      // Along the gradient itself the loss moves most, so that single precision measures it best.
      const length = Math.hypot(...slope)
      const along = async (h: number) => {
        const moved = { ...at[name], data: at[name].data.map((v, i) => v + (h * slope[i]) / length) }
        return (await session.run({ ...at, [name]: moved })).loss[0]
      }
      const h = step * (gradients.loss[0] / length)
      const expected = ((await along(h)) - (await along(-h))) / (2 * h)
      expect(Math.abs(length / expected - 1), name).toBeLessThan(0.01)
    }
    await session.end()
  })
})
