import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differentiate } from '../../../src/kernel/autodiff/differentiate.ts'
import { LOWERINGS } from '../../../src/kernel/autodiff/lower/index.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import { RULES } from '../../../src/kernel/autodiff/rules/index.ts'
import { CASES, type Case, casesOf, graphOf, ints } from './cases.ts'
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

test.each<[string, string, Partial<Case>]>([
  ['GatherND', 'batch_dims', { constants: { 1: ints(0, 0) }, attributes: { batch_dims: { int: 1 } } }],
  ['ScatterND', 'reduction max', { attributes: { reduction: { string: 'max' } } }],
  ['Einsum', 'an ellipsis', { attributes: { equation: { string: '...i->...' } } }],
  [
    'Resize',
    'tf_crop_and_resize',
    { attributes: { coordinate_transformation_mode: { string: 'tf_crop_and_resize' } } },
  ],
  [
    'ConvTranspose',
    'auto_pad',
    {
      shapes: [
        [1, 1, 2],
        [1, 1, 1],
      ],
      attributes: { strides: { ints: [2] }, auto_pad: { string: 'SAME_UPPER' } },
    },
  ],
])('%s with %s is refused by name, not trained through wrongly', (op, what, more) => {
  const graph = graphOf({ op, shapes: [[2, 2]], seed: 1, ...more }, [[2, 2]])
  expect(() => differentiate(graph, { loss: 'loss', wrt: ['x0'] })).toThrow(
    expect.objectContaining({
      info: expect.objectContaining({
        code: 'operator-unsupported',
        message: expect.stringContaining(`${op} (node "it") with ${what}`),
      }),
    }),
  )
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
