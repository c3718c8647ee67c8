import { describe, expect, test } from 'vitest'
import { FallbackSerializer } from '../../../src/extension/document/fallback-serializer.ts'
import { missingIds } from '../../../src/extension/document/new-cell-ids.ts'
import { CODE, MARKUP } from '../../../src/extension/document/notebook-data.ts'
import { StudySerializer } from '../../../src/extension/document/serializer.ts'
import { namedCells } from '../../../src/extension/document/snapshot.ts'
import type { vscode } from '../../../src/extension/vscode.ts'
import { fakeApi } from './fakes.ts'

const serializer = new StudySerializer(fakeApi)
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (saved: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(saved)

/** As the editor holds it: one kind of line ending per cell, metadata through JSON. */
function throughEditor(data: vscode.NotebookData): vscode.NotebookData {
  return JSON.parse(JSON.stringify(data))
}

const STUDY = `---
title: Shops
seed: 7
mood: kept
---

# Shops

\`\`\`yaml mirage id=load
triplets: { lr: lr/*.png, as: photos }
\`\`\`

\`\`\`\`liquid mirage prompt=hs id=rubric colour="dark red"
\`\`\`json
{{ lr }}
\`\`\`
\`\`\`\`

\`\`\`python
print("prose, not a cell")
\`\`\`
`

describe('the serializer', () => {
  test.each([
    ['a study', STUDY],
    ['Windows line endings', STUDY.replaceAll('\n', '\r\n')],
    [
      'mixed line endings and a byte order mark',
      `\uFEFF${STUDY.replace('seed: 7\n', 'seed: 7\r\n').replace('photos }\n', 'photos }\r\n')}`,
    ],
    ['an empty file', ''],
    ['no line end at the end', '# only prose'],
  ])('gives the same bytes back for %s', (_name, study) => {
    const opened = serializer.deserializeNotebook(bytes(study))
    expect(text(serializer.serializeNotebook(throughEditor(opened)))).toBe(study)
  })

  test('shows steps, prompts and scripts in their languages, and prose as Markdown', () => {
    const study = `${STUDY}\n\`\`\`ts mirage id=calc\nphotos.rows\n\`\`\`\n`
    const { cells } = serializer.deserializeNotebook(bytes(study))
    expect(cells.map(({ kind, languageId }) => [kind, languageId])).toEqual([
      [MARKUP, 'markdown'],
      [CODE, 'mirage'],
      [CODE, 'mirage-prompt'],
      [MARKUP, 'markdown'],
      [CODE, 'typescript'],
    ])
  })

  test('refuses what it cannot read, with line and column, instead of opening it empty', () => {
    const open = STUDY.replace(/```\n\n````liquid/, '\n````liquid')
    expect(() => serializer.deserializeNotebook(bytes(open))).toThrow(/line 9, column 1.*Add a line/)
    expect(() => serializer.deserializeNotebook(new Uint8Array([0x23, 0xff, 0xfe]))).toThrow(/UTF-8/)
  })

  test('opens a study of a newer format and refuses to save it', () => {
    const opened = serializer.deserializeNotebook(bytes(STUDY.replace('seed: 7', 'format: 99')))
    expect(opened.cells.length).toBeGreaterThan(1)
    expect(() => serializer.serializeNotebook(opened)).toThrow(/newer Mirage/)
  })

  test('writes new and changed cells so that they are read back', () => {
    const opened = throughEditor(serializer.deserializeNotebook(bytes(STUDY)))
    opened.cells[1].value = 'triplets:\n  lr: other/*.png'
    opened.cells.push(new fakeApi.NotebookCellData(CODE, 'infer: { of: photos }', 'mirage'))
    opened.cells.push(new fakeApi.NotebookCellData(CODE, 'print(1)', 'python'))
    const again = serializer.deserializeNotebook(serializer.serializeNotebook(opened)).cells
    expect(again.map(({ value }) => value)).toEqual([
      ...opened.cells.slice(0, -1).map(({ value }) => value),
      '```python\nprint(1)\n```',
    ])
    expect(again[4].metadata).toMatchObject({ mirage: { kind: 'step', id: 'infer' } })
  })

  test('the fallback shows the text and refuses to save', () => {
    const fallback = new FallbackSerializer(fakeApi, new Error('a file is missing'))
    const { cells } = fallback.deserializeNotebook(bytes(STUDY))
    expect(cells[0].value).toContain('a file is missing')
    expect(cells[1].value).toBe(STUDY)
    expect(() => fallback.serializeNotebook()).toThrow(/does not save/)
  })
})

describe('ids of new cells', () => {
  const cell = (id: string | undefined, languageId = 'mirage', text = 'infer: {}') =>
    ({
      kind: CODE,
      metadata: id === undefined ? {} : { mirage: { id } },
      document: { languageId, getText: () => text },
    }) as unknown as vscode.NotebookCell

  test('a copy gets an id of its own, even when it stands before the original', () => {
    const original = cell('infer')
    const copy = cell('infer')
    expect(missingIds([copy, original], new Set([copy]))).toEqual([
      { index: 0, id: 'infer-2', attributes: {} },
    ])
    expect(missingIds([original], new Set([original]))).toEqual([])
  })

  test('a cell without an id, and a copy, is known by the one that it will get; prose by none', () => {
    const prose = { ...cell(undefined, 'markdown'), kind: MARKUP } as unknown as vscode.NotebookCell
    const cells = [prose, cell(undefined), cell('infer'), cell('infer'), cell(undefined, 'mirage-prompt')]
    const named = namedCells(cells)
    expect(named.map(({ id, cell }) => [cells.indexOf(cell), id])).toEqual([
      [1, 'infer-2'],
      [2, 'infer'],
      [3, 'infer-3'],
      [4, 'prompt'],
    ])
    expect(named[3].attributes).toEqual({ prompt: 'prompt' })
  })

  test('a new prompt is given a name with its id', () => {
    expect(missingIds([cell('a'), cell(undefined, 'mirage-prompt', 'Look')])).toEqual([
      { index: 1, id: 'prompt', attributes: { prompt: 'prompt' } },
    ])
  })
})
