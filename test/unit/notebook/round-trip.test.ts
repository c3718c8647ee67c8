import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FormatError } from '../../../src/notebook/errors.ts'
import { parseStudy } from '../../../src/notebook/parse.ts'
import { printStudy } from '../../../src/notebook/print.ts'
import { studyText } from './arbitraries.ts'

function parseOrRefuse(text: string) {
  try {
    return parseStudy(text)
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}

test('printing what was parsed gives the same bytes, for any text that parses', () => {
  let parsed = 0
  fc.assert(
    fc.property(fc.oneof(studyText, fc.string({ unit: 'binary' })), text => {
      const study = parseOrRefuse(text)
      if (study instanceof FormatError) return
      parsed++
      expect(printStudy(study)).toBe(text)
    }),
    { numRuns: 3000 },
  )
  expect(parsed).toBeGreaterThan(500)
})

test('a refusal says where and what to do', () => {
  fc.assert(
    fc.property(studyText, text => {
      const study = parseOrRefuse(text)
      if (!(study instanceof FormatError)) return
      const { at, message, remedy } = study.info
      expect(at.line).toBeGreaterThanOrEqual(1)
      expect(at.line).toBeLessThanOrEqual(text.split(/\r\n|\r|\n/).length)
      expect(at.column).toBeGreaterThanOrEqual(1)
      expect(message.length * remedy.length).toBeGreaterThan(0)
    }),
    { numRuns: 1000 },
  )
})

const code = (text: string) => parseStudy(text).cells.filter(cell => cell.kind !== 'prose')
const body = '```yaml mirage id=a\nx: 1\n```\n'

test.each<[name: string, text: string, ids: string[]]>([
  ['adjacent cells without a blank line', `${body}${body.replace('=a', '=b')}`, ['a', 'b']],
  ['a cell right below a paragraph', `Paragraph\n${body}`, ['a']],
  ['a cell inside a longer fence is text of it', `\`\`\`\`md\n${body}\`\`\`\`\n`, []],
  ['a cell inside a tilde fence is text of it', `~~~\n${body}~~~\n`, []],
  ['a backtick line inside a tilde cell does not close it', '~~~yaml mirage id=a\n```\n~~~\n', ['a']],
  ['a fence in a list item is prose', `- item\n\n  ${body.replaceAll('\n', '\n  ')}\n`, []],
  ['an open fence in a list item ends with the item', `- item\n\n  \`\`\`\n  open\n\n${body}`, ['a']],
  ['an open fence at the top takes in the rest', `\`\`\`\nopen\n\n\`\`\`\`yaml mirage id=a\n`, []],
  ['a numbered paragraph line that is no list opens no item', `Text\n7. text\n   \`\`\`\n   ${body}`, []],
  ['a fence in a quote is prose', `> ${body.replaceAll('\n', '\n> ')}\n`, []],
  ['a cell below a quote ends it', `> quote\n${body}`, ['a']],
  ['a commented-out cell is prose', `<!--\n${body}-->\n`, []],
  ['a comment on one line opens nothing', `<!-- note -->\n${body}`, ['a']],
  ['a cell folded into details is a cell', `<details>\n<summary>More</summary>\n${body}</details>\n`, ['a']],
  ['an indented code block opens nothing', `    \`\`\`\n\n${body}`, ['a']],
  ['inline code of three backticks opens nothing', `\`\`\`not \`a fence\n${body}`, ['a']],
  ['carriage returns alone end lines', body.replaceAll('\n', '\r'), ['a']],
  ['fences of other languages are prose', '```python\nprint(1)\n```\n', []],
  ['fences that name mirage elsewhere are prose', '```yaml about mirage\n```\n', []],
])('%s', (_, text, ids) => {
  expect(code(text).map(cell => cell.id)).toEqual(ids)
  expect(printStudy(parseStudy(text))).toBe(text)
})

test('a cell keeps its kind, attributes in order, text and line', () => {
  const text = 'Intro\n\n~~~liquid   mirage prompt=hs z="a b" id=p x\nOne\r\n\n~~~  \nEnd'
  expect(code(text)).toMatchObject([
    {
      kind: 'prompt',
      language: 'liquid',
      id: 'p',
      text: 'One\r\n',
      line: 4,
      attributes: { prompt: 'hs', z: 'a b', x: '' },
    },
  ])
  expect(Object.keys(code(text)[0].attributes)).toEqual(['prompt', 'z', 'x'])
})

test('no line and one blank line are both an empty text, and stay apart', () => {
  for (const text of ['```ts mirage id=a\n```\n', '```ts mirage id=a\n\n```\n']) {
    expect(code(text)[0].text).toBe('')
    expect(printStudy(parseStudy(text))).toBe(text)
  }
})

test.each<[name: string, text: string, code: string, line: number, column: number]>([
  ['an open cell', 'Text\n\n```yaml mirage id=a\nx: 1\n', 'cell-not-closed', 3, 1],
  [
    'a cell that swallows the next',
    '```yaml mirage id=a\nx: 1\n\n```yaml mirage id=b\n```\n',
    'cell-not-closed',
    1,
    1,
  ],
  ['an attribute given twice', '```yaml mirage id=a id=b\n```\n', 'cell-info', 1, 21],
  ['an attribute that is none', '````ts mirage  =a\n````\n', 'cell-info', 1, 16],
  ['an open quote', '```ts mirage id="a\n```\n', 'cell-info', 1, 14],
  ['open front matter', '---\ntitle: x\n', 'front-matter-open', 1, 1],
  ['front matter that is no mapping', '---\n- x\n---\n', 'front-matter-yaml', 2, 1],
  ['a key given twice', '---\nseed: 1\nseed: 2\n---\n', 'front-matter-yaml', 3, 1],
  ['a seed that is a text', '---\ntitle: x\nseed: one\n---\n', 'front-matter-value', 3, 7],
  ['a format that is no version', '---\nformat: 0\n---\n', 'front-matter-value', 2, 9],
])('%s is refused with its place', (_, text, wanted, line, column) => {
  const error = parseOrRefuse(text)
  expect(error).toMatchObject({ info: { code: wanted, at: { line, column } } })
})
