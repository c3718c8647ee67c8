import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differentiate } from '../../../src/kernel/autodiff/differentiate.ts'
import type { NdArray } from '../../../src/kernel/autodiff/reference/array.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import type { Graph } from '../../../src/kernel/onnx/graph.ts'
import { CASES, casesOf } from './cases.ts'
import { graphOfCase, relativeError, runNative } from './numbers.ts'

/** Single precision, sums of at most a few hundred terms. */
const TOLERANCE = 2e-5

/** Terms of either sign may cancel: the loss is as exact as its terms are, not as the little that is left of them. */
function lossFloor(graph: Graph, feeds: Record<string, NdArray>): number {
  const outputs = graph.nodes.filter(({ op }) => op === 'Mul').flatMap(({ outputs }) => outputs)
  const terms = evaluate(
    { ...graph, outputs: outputs.map(name => ({ name, type: 'float32', dims: [] })) },
    feeds,
  )
  return Math.max(0.1, Math.hypot(...Object.values(terms).flatMap(({ data }) => Array.from(data))))
}

describe('onnxruntime agrees with the reference interpreter', () => {
  for (const op of Object.keys(CASES)) {
    test(op, async () => {
      await fc.assert(
        fc.asyncProperty(casesOf(op), async each => {
          const { graph, feeds } = graphOfCase(each)
          const floors: Record<string, number> = { loss: lossFloor(graph, feeds) }
          const forward = await runNative(graph, feeds)
          expect(relativeError(forward.loss, evaluate(graph, feeds).loss.data, floors.loss)).toBeLessThan(
            TOLERANCE,
          )
          const backward = differentiate(graph, { loss: 'loss', wrt: Object.keys(feeds) })
          const expected = evaluate(backward, feeds)
          for (const [name, values] of Object.entries(await runNative(backward, feeds))) {
            expect(relativeError(values, expected[name].data, floors[name] ?? 0.1)).toBeLessThan(TOLERANCE)
          }
        }),
        { numRuns: 6 },
      )
    })
  }
})
