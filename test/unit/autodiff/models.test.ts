import { describe, expect, test } from 'vitest'
import { ADAPTERS } from '../../../src/kernel/autodiff/adapters/index.ts'
import { differentiate } from '../../../src/kernel/autodiff/differentiate.ts'
import { fromTensor, type NdArray } from '../../../src/kernel/autodiff/reference/array.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import { createRng } from '../../../src/kernel/stats/resampling/rng.ts'
import { noise } from './cases.ts'
import {
  compact,
  dense,
  diffusion,
  type Example,
  inception,
  transformer,
  windows,
  withLoss,
} from './networks.ts'
import { array, relativeError, runNative } from './numbers.ts'

const NETWORKS = { compact, dense, transformer, windows, diffusion, inception }

function feedsOf({ input }: Example, seed: number): Record<string, NdArray> {
  const next = noise(seed)
  return {
    image: array(
      input,
      Array.from({ length: input.reduce((a, b) => a * b) }, () => 0.5 + 0.5 * next()),
    ),
  }
}

describe.each(Object.entries(NETWORKS))('the gradient of %s', (_, build) => {
  const example = build()
  const graph = withLoss(example.graph)
  const trained = ADAPTERS.all.apply(graph, { target: [] }, createRng(1)).trained
  const wrt = [...trained, 'image']
  const feeds = feedsOf(example, 9)
  const dims = { image: example.input }
  const backward = differentiate(graph, { dims, loss: 'loss', wrt })
  const weights = Object.fromEntries(trained.map(name => [name, fromTensor(graph.initializers.get(name)!)]))
  const exact = evaluate(backward, { ...feeds, ...weights })

  test('agrees with differences along random directions in float64', () => {
    const at: Record<string, NdArray> = { ...feeds, ...weights }
    for (let seed = 0; seed < 3; seed++) {
      const next = noise(seed + 100)
      const direction = Object.fromEntries(wrt.map(name => [name, at[name].data.map(() => next())]))
      const along = (h: number) => {
        const moved = Object.entries(at).map(([name, x]) => [
          name,
          { ...x, data: x.data.map((v, i) => v + h * direction[name][i]) },
        ])
        return evaluate(graph, Object.fromEntries(moved)).loss.data[0]
      }
      const h = 1e-5
      const expected = (along(h) - along(-h)) / (2 * h)
      const slopes = wrt.map(name =>
        exact[`grad/${name}`].data.reduce((sum, g, i) => sum + g * direction[name][i], 0),
      )
      const actual = slopes.reduce((a, b) => a + b, 0)
      expect(Math.abs(actual - expected)).toBeLessThan(1e-6 * Math.abs(expected) + 1e-9)
    }
  })

  test('is the same on onnxruntime in single precision', async () => {
    const native = await runNative(backward, { ...feeds, ...weights })
    const largest = Math.max(...wrt.map(name => Math.max(...exact[`grad/${name}`].data.map(Math.abs))))
    for (const name of wrt) {
      expect(relativeError(native[`grad/${name}`], exact[`grad/${name}`].data, largest), name).toBeLessThan(
        1e-5,
      )
    }
  })
})
