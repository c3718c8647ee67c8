import { expect, test } from 'vitest'
import { changeFrontMatter, isNewerFormat, readFrontMatter } from '../../../src/notebook/front-matter.ts'
import { openStudy } from '../../../src/notebook/open.ts'
import { parseStudy } from '../../../src/notebook/parse.ts'
import { printStudy } from '../../../src/notebook/print.ts'

test('keys that Mirage does not know are kept apart and survive', () => {
  const text = '---\nformat: 1 # first\ntitle: "T"\nauthors: [A, B]\n---\nText\n'
  const study = parseStudy(text)
  expect(study.meta).toEqual({ format: 1, title: 'T', seed: 0, other: { authors: ['A', 'B'] } })
  expect(printStudy(study)).toBe(text)
})

test('changing a value leaves every other byte alone', () => {
  const before = '# who\r\nauthors:   [A]\r\nseed:  1   # why\r\ntitle: |\r\n  Old\r\nlast: x'
  const after = changeFrontMatter(before, { seed: 42, format: 1 })
  expect(after).toBe(`${before.replace('1   # why', '42   # why')}\r\nformat: 1`)
  expect(readFrontMatter(changeFrontMatter(after, { title: 'a: "b" # c' }))).toMatchObject({
    title: 'a: "b" # c',
    seed: 42,
  })
})

test('front matter is made from nothing, and an empty value is filled', () => {
  expect(changeFrontMatter(undefined, { format: 1, title: 'Study', seed: 3 })).toBe(
    'format: 1\ntitle: Study\nseed: 3',
  )
  expect(changeFrontMatter('title:\nseed: 1', { title: 'T' })).toBe('title: T\nseed: 1')
})

test('a newer format opens read-only, even where its cells can not be read', () => {
  const text = '---\nformat: 2\nseed: { from: time }\n---\n```yaml mirage id=a\nnever closed\n'
  const { document, readOnly } = openStudy(text)
  expect(isNewerFormat(document.meta)).toBe(true)
  expect(readOnly).toContain('format 2')
  expect(document.cells).toHaveLength(1)
  expect(printStudy(document)).toBe(text)
  expect(openStudy('---\nformat: 1\n---\n').readOnly).toBeUndefined()
})

test('aliases that would blow up are refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...[...'bcdef'].map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcde'[i]}`)}]`),
  ]
  expect(() => readFrontMatter(bomb.join('\n'))).toThrow(/not valid YAML/)
})
