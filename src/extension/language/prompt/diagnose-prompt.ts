import { isMap, parseDocument } from 'yaml'
import type { StudyLanguage } from '../../../kernel/protocol/messages.ts'
import { splitPromptText } from '../../../notebook/prompt/split.ts'
import type { TemplateProblem } from '../../../notebook/prompt/template.ts'
import { PROMPT_VARIABLES } from '../../../notebook/prompt/variables.ts'
import { unquotedStar } from '../diagnose-text.ts'
import type { Schema } from '../schema.ts'
import type { Span } from '../step-text.ts'
import { type Problem, problem, validate } from '../validate.ts'

/** The reader of templates, which is loaded when a study is opened. */
export type Templates = Pick<
  typeof import('../../../notebook/prompt/template.ts'),
  'parseTemplate' | 'unknownVariables' | 'TemplateProblem'
>

/** What is wrong with a prompt cell: its front matter, its template, and variables that prompts do not have. */
export function diagnosePrompt(language: StudyLanguage, text: string, templates: Templates): Problem[] {
  if (text.trim() === '') return []
  const { header, template } = splitPromptText(text)
  return [
    ...(header ? headerProblems(language, header.text).map(found => shifted(found, header.start)) : []),
    ...templateProblems(template.text, templates).map(found => shifted(found, template.start)),
  ]
}

function headerProblems({ prompts }: StudyLanguage, yaml: string): Problem[] {
  const document = parseDocument(yaml, { prettyErrors: false })
  const [broken] = document.errors
  if (broken) {
    const [start, end] = broken.pos
    const span = { start, end: Math.max(end, start + 1) }
    return [problem('prompt-header', `The front matter is no YAML: ${broken.message}`, span)]
  }
  const star = unquotedStar(document)
  if (star) return [{ ...star, code: 'prompt-header' }]
  const { contents } = document
  if (contents === null) return []
  if (!isMap(contents)) {
    return [problem('prompt-header', 'Front matter is a list of settings.', { start: 0, end: yaml.length })]
  }
  return validate(contents, prompts.schema as Schema, 'prompt')
}

function templateProblems(template: string, templates: Templates): Problem[] {
  try {
    return templates
      .unknownVariables(templates.parseTemplate(template))
      .map(found => asProblem(found, template))
  } catch (error) {
    if (error instanceof templates.TemplateProblem) return [asProblem(error, template)]
    throw error
  }
}

function asProblem({ kind, message, at, variable }: TemplateProblem, template: string): Problem {
  const lineStart = template.split('\n', at.line - 1).reduce((sum, line) => sum + line.length + 1, 0)
  const start = Math.min(lineStart + at.column - 1, template.length)
  const length = variable?.name.length ?? wordAt(template, start)
  const span = { start, end: Math.max(start + length, start + 1) }
  if (!variable) return problem('prompt-template', `The template cannot be read: ${message}.`, span)
  const known = `Variables: ${Object.keys(PROMPT_VARIABLES).join(', ')}.`
  return {
    ...problem(
      kind === 'unknown-variable' ? 'prompt-variable' : 'prompt-template',
      `${message} ${known}`,
      span,
    ),
    ...(variable.near && { fix: { title: `Change to "${variable.near}"`, span, text: variable.near } }),
  }
}

const wordAt = (text: string, start: number): number => text.slice(start).match(/^\S*/)![0].length

function shifted(found: Problem, by: number): Problem {
  const move = ({ start, end }: Span): Span => ({ start: start + by, end: end + by })
  return {
    ...found,
    span: move(found.span),
    ...(found.fix && { fix: { ...found.fix, span: move(found.fix.span) } }),
  }
}
