import type { StudyLanguage } from '../../kernel/protocol/messages.ts'
import { type Cursor, cursorAt } from './cursor.ts'
import {
  literalsOf,
  type Mark,
  marksOf,
  membersOf,
  type Schema,
  schemasAt,
  stepNamed,
  typeText,
} from './schema.ts'
import type { Span } from './step-text.ts'

/** What a cell may refer to: everything that stands before it. */
export interface Surroundings {
  results: readonly { name: string; kind?: string; cell: string }[]
  columns: readonly { name: string; detail: string }[]
  /** File and folder names that go on from what is written, relative to the study. */
  files(written: string): Promise<readonly string[]>
}

export interface Completion {
  label: string
  kind:
    | 'step'
    | 'parameter'
    | 'value'
    | 'result'
    | 'model'
    | 'metric'
    | 'column'
    | 'file'
    | 'provider'
    | 'prompt'
    | 'variable'
    | 'member'
    | 'filter'
    | 'tag'
  /** Snippet syntax. */
  insert: string
  span: Span
  detail?: string
  documentation?: string
  /** Earlier ones sort first. */
  rank: number
}

/** What may be written at the cursor of a step cell. */
export async function complete(
  language: StudyLanguage,
  text: string,
  offset: number,
  surroundings: Surroundings,
): Promise<Completion[]> {
  const cursor = cursorAt(text, offset)
  if (!cursor) return []
  if (cursor.path.length === 0) return cursor.taken.length > 0 ? [] : steps(language, cursor)
  const [name, ...path] = cursor.path
  const step = stepNamed(language, String(name))
  if (!step) return []
  const schemas = schemasAt(step.schema as Schema, path)
  if (cursor.role === 'key') return parameters(schemas, cursor)
  // Behind `key:` an object is written in braces; on the next line as a block.
  const members = parameters(schemas, cursor).map(({ insert, ...item }) =>
    cursor.inline ? { ...item, insert: `{ ${insert} }` } : { ...item, insert },
  )
  return [...(await values(language, schemas, cursor, surroundings)), ...members]
}

function steps({ steps: known }: StudyLanguage, { span, hasColon }: Cursor): Completion[] {
  return known.map(({ name, summary, schema }, rank) => ({
    label: name,
    kind: 'step',
    insert: hasColon ? name : `${name}:\n${template(schema as Schema)}`,
    span,
    documentation: summary,
    rank,
  }))
}

/** A block with everything that a step needs, and the name of its result. */
function template(schema: Schema): string {
  const members = [...membersOf(schemasAt(schema, []))]
  const named = members.filter(([name, { required }]) => required || name === 'as')
  const lines = named.map(([name], i) => `  ${name}: $${i + 1}`)
  return lines.length > 0 ? lines.join('\n') : '  $0'
}

function parameters(schemas: readonly Schema[], cursor: Cursor): Completion[] {
  return [...membersOf(schemas)]
    .filter(([name]) => !cursor.taken.includes(name))
    .map(([name, { schema, required }]) => ({
      label: name,
      kind: 'parameter',
      insert: cursor.role === 'key' && cursor.hasColon ? name : `${name}: $0`,
      span: cursor.span,
      detail: required ? `${typeText(schema)}, needed` : typeText(schema),
      documentation: describe(schema),
      rank: required ? 0 : 1,
    }))
}

async function values(
  language: StudyLanguage,
  schemas: readonly Schema[],
  { span, word }: Cursor,
  surroundings: Surroundings,
): Promise<Completion[]> {
  const found: Completion[] = literalsOf(schemas).map(value => ({
    label: String(value),
    kind: 'value',
    insert: asSnippetText(typeof value === 'string' ? quoteIfNeeded(value) : String(value)),
    span,
    rank: 0,
  }))
  for (const mark of marksOf(schemas)) found.push(...(await marked(mark, language, word, span, surroundings)))
  return [...new Map(found.map(item => [`${item.kind} ${item.label}`, item])).values()]
}

async function marked(
  mark: Mark,
  language: StudyLanguage,
  word: string,
  span: Span,
  surroundings: Surroundings,
): Promise<Completion[]> {
  const plain = (label: string, kind: Completion['kind'], rank: number, detail?: string): Completion => ({
    label,
    kind,
    insert: asSnippetText(quoteIfNeeded(label)),
    span,
    rank,
    ...(detail !== undefined && { detail }),
  })
  if ('defines' in mark) return []
  const results = (wanted: string) =>
    surroundings.results
      .filter(({ kind }) => kind === undefined || wanted === 'any' || kind === wanted)
      .map(({ name, kind, cell }) => plain(name, 'result', 1, `${kind ?? 'result'} of the cell ${cell}`))
  if ('reads' in mark) {
    const { shipped } = language.prompts
    const prompts = mark.reads === 'prompt' ? shipped : []
    return [
      ...results(mark.reads),
      ...prompts.map(({ name, title }) => plain(name, 'prompt', 2, `shipped: ${title}`)),
    ]
  }
  switch (mark.completes) {
    case 'model':
      return [
        ...language.models.map(model => plain(model, 'model', 0)),
        ...results('model').filter(({ detail }) => detail?.startsWith('model')),
      ]
    case 'metric':
      return language.metrics.map(({ name, summary }) => plain(name, 'metric', 0, summary))
    case 'provider':
      return language.providers.map(provider => plain(provider, 'provider', 0))
    case 'column':
      return surroundings.columns.map(({ name, detail }) => plain(name, 'column', 0, detail))
    case 'file':
      return (await surroundings.files(word)).map(file => plain(file, 'file', 0))
  }
}

function describe({ description, default: preset }: Schema): string | undefined {
  if (preset === undefined) return description
  return `${description ?? ''} Default: \`${JSON.stringify(preset)}\`.`.trim()
}

/** A plain YAML scalar must not look like something else. */
function quoteIfNeeded(text: string): string {
  return /^[\w./][\w./ *-]*$/.test(text) && !/^(true|false|null|~|[-+.\d][\d.eE+-]*)$/.test(text)
    ? text
    : JSON.stringify(text)
}

/** Text that a snippet takes as it is. */
function asSnippetText(text: string): string {
  return text.replaceAll(/[\\$}]/g, found => `\\${found}`)
}
