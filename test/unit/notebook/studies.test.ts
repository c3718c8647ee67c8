import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { printEditor, toEditor } from '../../../src/notebook/cells.ts'
import { decodeStudy, openStudy } from '../../../src/notebook/open.ts'
import { isStudyPath } from '../../../src/notebook/paths.ts'

const FOLDER = join(import.meta.dirname, '../../../notebooks')
const studies = readdirSync(FOLDER).filter(isStudyPath)

test('there are studies to try', () => {
  expect(studies).toContain('quickstart.mirage.md')
})

test.each(studies)('%s opens without a problem, and saving it unchanged changes nothing', name => {
  const text = decodeStudy(readFileSync(join(FOLDER, name)))
  const { document, problems, readOnly } = openStudy(text)
  expect({ problems, readOnly }).toEqual({ problems: [] })
  expect(printEditor(toEditor(document))).toBe(text)
})
