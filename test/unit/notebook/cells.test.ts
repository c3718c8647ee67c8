import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type EditorCell,
  type EditorStudy,
  fromEditor,
  printEditor,
  toEditor,
} from '../../../src/notebook/cells.ts'
import { FormatError } from '../../../src/notebook/errors.ts'
import { decodeStudy, openStudy } from '../../../src/notebook/open.ts'
import { parseStudy } from '../../../src/notebook/parse.ts'
import { printStudy } from '../../../src/notebook/print.ts'
import { editorCell, studyText } from './arbitraries.ts'

/** What an editor keeps: JSON. */
const throughJson = (study: EditorStudy): EditorStudy => JSON.parse(JSON.stringify(study))

test('opening and saving unchanged gives the bytes back, with any mixture of line endings', () => {
  fc.assert(
    fc.property(studyText, text => {
      let opened: ReturnType<typeof openStudy>
      try {
        opened = openStudy(text)
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
        return
      }
      const editor = throughJson(toEditor(opened.document))
      for (const cell of editor.cells) expect(cell.text).not.toContain('\r')
      if (!opened.problems.some(({ code }) => code.startsWith('id-'))) expect(printEditor(editor)).toBe(text)
    }),
    { numRuns: 3000 },
  )
})

/** Cells as they come back: blank lines around prose are spacing and not text. */
const content = (cells: EditorCell[]) =>
  cells.map(({ kind, text, attributes }) =>
    kind === 'prose' ? { kind, text: withoutBlankEdges(text) } : { kind, text, attributes },
  )

function withoutBlankEdges(text: string): string {
  const lines = text.split('\n')
  const written = (line: string) => /[^ \t]/.test(line)
  return lines.some(written)
    ? lines.slice(lines.findIndex(written), lines.findLastIndex(written) + 1).join('\n')
    : ''
}

test('whatever cells an editor holds, the saved text gives them back', () => {
  fc.assert(
    fc.property(
      fc.array(editorCell, { maxLength: 6 }),
      fc.constantFrom('\n' as const, '\r\n' as const),
      (cells, eol) => {
        const back = toEditor(parseStudy(printEditor({ cells, frame: { eol } })))
        const wanted = content(cells)
        const found = content(back.cells)
        expect(found.map(cell => cell.kind)).toEqual(wanted.map(cell => cell.kind))
        found.forEach((cell, i) => {
          // A block that prose leaves open in front of another cell gets its end.
          if (cell.kind === 'prose') expect(cell.text.startsWith(wanted[i].text)).toBe(true)
          else expect(cell).toEqual(wanted[i])
        })
      },
    ),
    { numRuns: 2000 },
  )
})

test('moving, removing and adding cells of a parsed study keeps all texts', () => {
  const text =
    '---\nseed: 1\n---\n# One\n```yaml mirage id=a\nx: 1\n```\n```ts mirage id=b\n1\n```\n\n\nTwo\n\n- list\n\n      ```\n'
  const { cells, frame } = toEditor(parseStudy(text))
  const fresh: EditorCell = { kind: 'step', text: 'infer: {}' }
  fc.assert(
    fc.property(fc.shuffledSubarray([...cells, fresh]), some => {
      const back = toEditor(parseStudy(printEditor({ cells: some, frame })))
      expect(content(back.cells)).toEqual(content(some.map(cell => ({ attributes: {}, ...cell }))))
    }),
  )
})

test('a new cell gets an id and a fence longer than any in its text', () => {
  const cells: EditorCell[] = [
    { kind: 'prompt', text: 'Say:\n````\n{{ x }}\n````', attributes: { prompt: 'hs' } },
  ]
  expect(printEditor({ cells, frame: { eol: '\n' } })).toBe(
    '`````liquid mirage prompt=hs id=hs\nSay:\n````\n{{ x }}\n````\n`````\n',
  )
})

test('a cell that was opened keeps its own fence until its text needs a longer one', () => {
  const { cells, frame } = toEditor(parseStudy('~~~yaml mirage id=a  \nx: 1\n~~~~\n'))
  expect(printEditor({ cells: [{ ...cells[0], text: 'x: 2\n```' }], frame })).toBe(
    '~~~yaml mirage id=a  \nx: 2\n```\n~~~~\n',
  )
  expect(printEditor({ cells: [{ ...cells[0], text: '~~~' }], frame })).toBe(
    '```yaml mirage id=a\n~~~\n```\n',
  )
})

test('a cell that changes its kind changes its language', () => {
  const { cells, frame } = toEditor(parseStudy('```yml mirage id=a\n```\n'))
  expect(fromEditor({ cells, frame }).cells[0]).toMatchObject({ kind: 'step', language: 'yml' })
  expect(fromEditor({ cells: [{ ...cells[0], kind: 'script' }], frame }).cells[0]).toMatchObject({
    language: 'ts',
  })
})

test('prose that would swallow the next cell is closed', () => {
  for (const [open, closed] of [
    ['```\nopen', '```\nopen\n```'],
    ['<!-- open', '<!-- open\n-->'],
  ]) {
    const printed = printEditor({
      cells: [
        { kind: 'prose', text: open },
        { kind: 'script', text: '1', id: 'a' },
      ],
      frame: { eol: '\n' },
    })
    expect(printed).toBe(`${closed}\n\n\`\`\`ts mirage id=a\n1\n\`\`\`\n`)
  }
})

test('saving is refused where the text could not be opened again', () => {
  const broken: EditorStudy = {
    cells: [{ kind: 'prose', text: '```yaml mirage id="\n```' }],
    frame: { eol: '\n' },
  }
  expect(() => printEditor(broken)).toThrow(FormatError)
})

test('a rule as the first line does not become front matter', () => {
  const cells: EditorCell[] = [{ kind: 'prose', text: '---\nText\n---' }]
  const text = printEditor({ cells, frame: { eol: '\n' } })
  expect(toEditor(parseStudy(text)).cells).toMatchObject(cells)
})

test('a study built without any layout prints in the plain form', () => {
  const text = printStudy({
    frontMatter: 'format: 1\nseed: 5',
    meta: { format: 1, seed: 5, other: {} },
    eol: '\n',
    cells: [
      { kind: 'prose', text: '# Title' },
      { kind: 'prose', text: 'More.' },
      { kind: 'step', id: 'load', language: 'yaml', attributes: {}, text: 'triplets: {}' },
    ],
  })
  expect(text).toBe(
    '---\nformat: 1\nseed: 5\n---\n\n# Title\n\n<!-- mirage cell -->\n\nMore.\n\n```yaml mirage id=load\ntriplets: {}\n```\n',
  )
})

test('fences that look like cells and are none are pointed out', () => {
  const text = '```text mirage id=x\n```\n\n ```yaml mirage id=y\n ```\n\n```md\n```yaml mirage id=z\n```\n'
  expect(openStudy(text).problems.map(({ code, at }) => [code, at.line])).toEqual([
    ['cell-language', 1],
    ['cell-indented', 4],
    ['cell-swallowed', 8],
  ])
})

test('bytes that are no UTF-8 are refused with their place, and a byte order mark survives', () => {
  const bytes = new TextEncoder().encode('\uFEFF# T\r\nab')
  expect(printStudy(parseStudy(decodeStudy(bytes)))).toBe('\uFEFF# T\r\nab')
  expect(() => decodeStudy(new Uint8Array([...bytes, 0xff, 0x41]))).toThrow(
    expect.objectContaining({
      info: expect.objectContaining({ code: 'not-utf8', at: { line: 2, column: 3 } }),
    }),
  )
})
