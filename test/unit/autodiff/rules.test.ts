import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differentiate } from '../../../src/kernel/autodiff/differentiate.ts'
import { LOWERINGS } from '../../../src/kernel/autodiff/lower/index.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import { RULES } from '../../../src/kernel/autodiff/rules/index.ts'
import { CASES, casesOf } from './cases.ts'
import { centralDifferences, graphOfCase, relativeError } from './numbers.ts'

/** Lowered to a constant: nothing flows through them. */
const CONSTANT = ['Constant', 'ConstantOfShape', 'Shape', 'Size']
/** Lowered like a neighbour that has cases, to operators that have. */
const ALIKE = ['CastLike', 'Swish', 'RMSNormalization']

test('every operator with a rule or a lowering has cases', () => {
  const known = [...Object.keys(RULES), ...Object.keys(LOWERINGS)]
  const missing = known.filter(op => !CASES[op] && !CONSTANT.includes(op) && !ALIKE.includes(op))
  expect(missing).toEqual([])
})

describe('gradients agree with central differences in float64', () => {
  for (const op of Object.keys(CASES)) {
    test(op, () => {
      fc.assert(
        fc.property(casesOf(op), each => {
          const { graph, feeds } = graphOfCase(each)
          const wrt = Object.keys(feeds)
          const backward = differentiate(graph, { loss: 'loss', wrt })
          const gradients = evaluate(backward, feeds)
          for (const input of wrt) {
            const expected = centralDifferences(graph, feeds, input)
            // Sums of constants are folded to single precision, hence no closer; they may cancel, hence the floor.
            expect(relativeError(gradients[`grad/${input}`].data, expected, 1)).toBeLessThan(1e-6)
          }
        }),
        { numRuns: 12 },
      )
    })
  }
})
