import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differentiate } from '../../../src/kernel/autodiff/differentiate.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import { CASES, casesOf } from './cases.ts'
import { graphOfCase, relativeError, runNative } from './numbers.ts'

/** Single precision, sums of at most a few hundred terms. */
const TOLERANCE = 2e-5

describe('onnxruntime agrees with the reference interpreter', () => {
  for (const op of Object.keys(CASES)) {
    test(op, async () => {
      await fc.assert(
        fc.asyncProperty(casesOf(op), async each => {
          const { graph, feeds } = graphOfCase(each)
          const forward = await runNative(graph, feeds)
          expect(relativeError(forward.loss, evaluate(graph, feeds).loss.data, 0.1)).toBeLessThan(TOLERANCE)
          const backward = differentiate(graph, { loss: 'loss', wrt: Object.keys(feeds) })
          const expected = evaluate(backward, feeds)
          for (const [name, values] of Object.entries(await runNative(backward, feeds))) {
            expect(relativeError(values, expected[name].data, 0.1)).toBeLessThan(TOLERANCE)
          }
        }),
        { numRuns: 6 },
      )
    })
  }
})
