import type { ResultSummary, StudyLanguage } from '../../kernel/protocol/messages.ts'
import { type Cursor, cursorAt } from './cursor.ts'
import type { Definition } from './names.ts'
import { namesIn } from './names-in.ts'
import { type Schema, schemasAt, stepNamed, typeText } from './schema.ts'
import { holds, type Span } from './step-text.ts'

/** Markdown for what is under the pointer. */
export interface Hover {
  markdown: string
  span: Span
}

export function hoverAt(
  language: StudyLanguage,
  text: string,
  offset: number,
  definitions: readonly Definition[],
  results: readonly ResultSummary[],
): Hover | undefined {
  const use = namesIn(language, text).find(({ span }) => holds(span, offset))
  const definition = use && definitions.find(({ name }) => name === use.name)
  if (use && definition) {
    const result = results.find(({ name }) => name === use.name)
    const shape = result ? `: ${result.shape}` : ''
    return { markdown: `**${use.name}**${shape}\n\nmade by the cell \`${definition.cell}\``, span: use.span }
  }
  const cursor = cursorAt(text, offset)
  if (!cursor || cursor.word === '') return undefined
  const markdown = wordHover(language, cursor)
  return markdown === undefined ? undefined : { markdown, span: cursor.span }
}

function wordHover(language: StudyLanguage, { path, role, word }: Cursor): string | undefined {
  if (path.length === 0) {
    const step = stepNamed(language, word)
    return step && `**${step.name}**\n\n${step.summary}`
  }
  const [name, ...rest] = path
  const step = stepNamed(language, String(name))
  if (!step) return undefined
  if (role === 'value') {
    const metric = language.metrics.find(candidate => candidate.name === word)
    if (metric) return `**${metric.name}**\n\n${metric.summary}`
  }
  const at = role === 'key' ? [...rest, word] : rest
  const schemas = schemasAt(step.schema as Schema, at)
  if (schemas.length === 0 || at.length === 0) return undefined
  return parameterText(String(at.at(-1)), schemas)
}

function parameterText(name: string, schemas: readonly Schema[]): string {
  const description = schemas.find(schema => schema.description !== undefined)?.description
  const preset = schemas.find(schema => schema.default !== undefined)?.default
  const lines = [`**${name}**: ${typeText({ anyOf: schemas })}`]
  if (description !== undefined) lines.push(description)
  if (preset !== undefined) lines.push(`Default: \`${JSON.stringify(preset)}\``)
  return lines.join('\n\n')
}
