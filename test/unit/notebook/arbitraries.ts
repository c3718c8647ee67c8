import fc from 'fast-check'

const line = fc.constantFrom(
  '',
  ' ',
  '\t',
  'text',
  'text  ',
  '# Heading',
  '---',
  '---  ',
  '- item',
  '  more of the item',
  '2) second',
  '> quote',
  '> ```yaml mirage id=quoted',
  '```',
  '````',
  '~~~',
  '  ```',
  '    ```',
  '``` `',
  '```python',
  '- ```yaml mirage id=listed',
  '   ```yaml mirage id=indented',
  '```yaml mirage id=a',
  '````yaml mirage id=a',
  '~~~yaml mirage id=tilde `x`',
  '```liquid mirage prompt=hs id=p  ',
  '```ts mirage',
  '```yml   mirage  title="two words"  id=b',
  '```text mirage id=c',
  '```yaml mirage x==1 id="',
  '<!-- a comment',
  '-->',
  '<!-- mirage cell -->',
  '<details>',
  '<pre>',
  'format: 1',
  'seed: 7 # comment',
  'title: "A, b"',
  'infer: { of: photos }',
  '\uFEFF',
)

const end = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r\n', '\r', '')

const lines = fc.array(fc.tuple(line, end), { maxLength: 6 })
const whole = fc.constantFrom(
  '```yaml mirage id=a|```',
  '````liquid mirage prompt=hs|````  ',
  '~~~~ts mirage id=b x|~~~~~',
  '```md|```',
)
const fenced = fc.tuple(whole, lines, fc.constantFrom('\n', '\r\n')).map(([fence, body, ending]) => {
  const [open, close] = fence.split('|')
  return [[open, ending], ...body, ['', ending], [close, ending]] as [string, string][]
})

/** Texts made of lines that mean something to the format, whole fences among them, with any line endings. */
export const studyText = fc
  .array(fc.oneof(lines, fenced), { maxLength: 6 })
  .map(parts => parts.flatMap(part => part.map(([text, ending]) => text + ending)).join(''))

const fencedText = fc.array(line, { maxLength: 8 }).map(lines => lines.join('\n'))
const anyText = fc.string({ unit: 'grapheme', maxLength: 40 }).map(text => text.replace(/\r\n?/g, '\n'))
const id = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,8}$/)
const attributes = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[A-Za-z][\w.-]{0,6}$/), anyText), {
    selector: ([name]) => name,
    maxLength: 3,
  })
  .map(pairs => Object.fromEntries(pairs.filter(([name]) => name !== 'id')) as Record<string, string>)

/** Prose that holds blocks of every kind, but no cell and no mark of its own. */
const proseText = fc
  .array(line, { maxLength: 8 })
  .map(lines => lines.filter(text => !/mirage|^\uFEFF/.test(text)).join('\n'))

export const editorCell = fc.oneof(
  fc.record({ kind: fc.constant('prose' as const), text: proseText }),
  fc.record(
    {
      kind: fc.constantFrom('step' as const, 'prompt' as const, 'script' as const),
      text: fc.oneof(fencedText, anyText),
      id,
      attributes,
    },
    { requiredKeys: ['kind', 'text', 'attributes'] },
  ),
)
