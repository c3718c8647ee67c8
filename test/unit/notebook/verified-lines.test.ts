import { expect, test } from 'vitest'
import type { VerifiedCell } from '../../../src/kernel/protocol/messages.ts'
import { verifiedLines } from '../../../src/kernel/protocol/verified-lines.ts'
import type { LockDifference } from '../../../src/notebook/lock-diff.ts'

const cell = (change: Partial<VerifiedCell>): VerifiedCell => ({
  cell: 'sr',
  verdict: 'differs',
  causes: [],
  differences: [],
  ...change,
})
const [one, other] = ['1', '2'].map(digit => digit.repeat(64))

test.each<[LockDifference, string]>([
  [
    { cause: 'model', what: 'tiny', before: one, after: other },
    'because the model "tiny" is another file: 111111111111 -> 222222222222',
  ],
  [
    { cause: 'prompt', what: 'hs', before: one, after: other, from: 'mine' },
    'because the prompt "hs" was edited: 111111111111 -> 222222222222 (made by the cell mine)',
  ],
  [
    { cause: 'image', what: 'hr/a.png', before: one, after: other },
    'because the image hr/a.png is another: 111111111111 -> 222222222222',
  ],
  [{ cause: 'image', what: 'hr/b.png', after: one }, 'because the image "hr/b.png" is new: 111111111111'],
  [
    { cause: 'judge', what: 'gpt-4o', before: 'temperature 0' },
    'because the judge "gpt-4o" is gone: it was temperature 0',
  ],
  [
    { cause: 'version', what: 'sharp', before: '0.35.5', after: '0.36.0' },
    'because another version of sharp: 0.35.5 -> 0.36.0',
  ],
  [
    { cause: 'parameters', what: 'parameters', before: one, after: other },
    'because its parameters were edited',
  ],
  [{ cause: 'added', what: 'infer' }, 'because the infer cell is new'],
])('says a cause in words: %o', (cause, line) => {
  expect(verifiedLines(cell({ causes: [cause] }))).toEqual([line])
})

test('each number that differs has a line, and of many the first', () => {
  const differences = Array.from({ length: 12 }, (_, n) => ({
    row: `p${n} tiny`,
    column: 'psnr',
    before: '1',
    after: '3',
    by: 2,
  }))
  const lines = verifiedLines(cell({ differences }))
  expect(lines[0]).toBe('p0 tiny psnr: 1 -> 3 (by 2.00)')
  expect(lines.at(-1)).toBe('... and 2 more')
  expect(verifiedLines(cell({ verdict: 'equal' }))).toEqual([])
})
