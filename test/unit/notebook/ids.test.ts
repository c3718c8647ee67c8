import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StudyDocument } from '../../../src/notebook/document.ts'
import { isId, newId, repairIds } from '../../../src/notebook/ids.ts'
import { openStudy } from '../../../src/notebook/open.ts'
import { parseStudy } from '../../../src/notebook/parse.ts'
import { printStudy } from '../../../src/notebook/print.ts'

const idsOf = (study: StudyDocument) => study.cells.flatMap(cell => (cell.kind === 'prose' ? [] : [cell.id]))

test('the first cell keeps an id, later ones and nameless ones get a readable one', () => {
  const text = [
    '```yaml mirage id=load\ninfer: {}\n```',
    '```yaml mirage id=load\nmetrics: {}\n```',
    '```yaml mirage\n# why\nmetrics: {}\n```',
    '```liquid mirage prompt=hs\n```',
    '```ts mirage id="not an id"\n```',
    '```yaml mirage id=metrics\n```',
  ].join('\n')
  const { document, problems } = openStudy(text)
  expect(idsOf(document)).toEqual(['load', 'load-2', 'metrics-2', 'hs', 'script', 'metrics'])
  expect(problems.map(({ code, at }) => [code, at.line])).toEqual([
    ['id-duplicate', 4],
    ['id-missing', 7],
    ['id-missing', 11],
    ['id-unusable', 13],
  ])
  expect(printStudy(document)).toContain('```yaml mirage id=load-2\nmetrics')
  expect(printStudy(document)).toContain('```liquid mirage prompt=hs id=hs\n')
})

test('only the id changes in a repaired info string', () => {
  const text = '```yaml mirage id=a\n```\n```yml  mirage  x="a b"  id=a  y\n```\n'
  expect(printStudy(repairIds(parseStudy(text)).document)).toBe(text.replace('id=a  y', 'id=a-2  y'))
})

test('repaired ids are unique and usable, good ones stay, and repairing again changes nothing', () => {
  const ids = fc.array(
    fc.oneof(fc.constantFrom('', 'a', 'a-2', 'step', 'constructor'), fc.string({ maxLength: 80 })),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(ids, given => {
      const study: StudyDocument = {
        meta: { format: 1, seed: 0, other: {} },
        eol: '\n',
        cells: given.map(id => ({ kind: 'step', id, language: 'yaml', attributes: {}, text: '' })),
      }
      const { document } = repairIds(study)
      const repaired = idsOf(document)
      expect(new Set(repaired).size).toBe(given.length)
      expect(repaired.every(isId)).toBe(true)
      const good = (id: string, i: number) => isId(id) && given.indexOf(id) === i
      expect(repaired.filter((_, i) => good(given[i], i))).toEqual(given.filter(good))
      expect(repairIds(document)).toEqual({ document, repairs: [] })
      expect(idsOf(parseStudy(printStudy(document)))).toEqual(repaired)
    }),
  )
})

test('a new id is the same for the same cell among the same ids', () => {
  const cell = { kind: 'step' as const, text: 'infer:\n  of: a', attributes: {} }
  expect(newId(cell, new Set())).toBe('infer')
  expect(newId(cell, new Set(['infer', 'infer-2']))).toBe('infer-3')
})
