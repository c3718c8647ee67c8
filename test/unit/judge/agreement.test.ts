import { expect, test } from 'vitest'
import { agreementOf } from '../../../src/kernel/judge/agreement.ts'
import type { Judged } from '../../../src/kernel/judge/judgement.ts'

/** A judge by its scores of each row: `[repeat, score]` of every judgement. */
const judged = (rows: [number, number][][]): Judged => ({
  name: 'judge',
  rows: rows.map(looks =>
    looks.map(([repeat, score]) => ({ kind: 'score' as const, repeat, score, findings: [] })),
  ),
  settings: {},
  origin: '',
  complete: true,
  calls: 0,
})

test('several comparisons of a row in one repeat are one look, at their mean', () => {
  const compared = judged([
    [
      [0, 1],
      [0, 0],
      [1, 1],
      [1, 0],
    ],
    [
      [0, 1],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    [
      [0, 0],
      [0, 0],
      [1, 0],
      [1, 0.5],
    ],
  ])
  const looks = judged([
    [
      [0, 0.5],
      [1, 0.5],
    ],
    [
      [0, 1],
      [1, 0.5],
    ],
    [
      [0, 0],
      [1, 0.25],
    ],
  ])
  expect(agreementOf([compared])).toEqual(agreementOf([looks]))
  expect(agreementOf([compared])).toMatchObject({ rows: 3, icc21: { rows: 3, raters: 2 } })
})
