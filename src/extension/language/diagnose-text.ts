import { type Document, isMap, type ParsedNode } from 'yaml'
import type { StudyLanguage } from '../../kernel/protocol/messages.ts'
import { nearest } from '../../notebook/nearest.ts'
import { unresolvedAlias } from '../../notebook/unresolved-alias.ts'
import { type Schema, stepNamed } from './schema.ts'
import { readStepText, spanOf } from './step-text.ts'
import { type Problem, problem, validate } from './validate.ts'

/** The first thing that keeps a cell from being read, or everything that is wrong with its parameters. */
export function diagnoseText(language: StudyLanguage, text: string): Problem[] {
  // A cell that is still empty is not wrong yet.
  if (text.trim() === '') return []
  const { document, name, body } = readStepText(text)
  const [broken] = document.errors
  if (broken) {
    const [start, end] = broken.pos
    return [
      problem('yaml-malformed', `The YAML cannot be read: ${broken.message}`, {
        start,
        end: Math.max(end, start + 1),
      }),
    ]
  }
  const star = unquotedStar(document)
  if (star) return [star]
  if (!name) {
    return [
      problem('step-shape', 'A step cell has one top-level key that names the step.', {
        start: 0,
        end: text.length,
      }),
    ]
  }
  const root = document.contents
  if (isMap(root) && root.items.length > 1) {
    const span = spanOf(root.items[1].key as ParsedNode)
    return [
      problem(
        'step-shape',
        `A step cell has one top-level key, this one has ${root.items.length}. Keep one step per cell.`,
        span,
      ),
    ]
  }
  const step = stepNamed(language, name.text)
  if (!step) return [unknownStep(language, name)]
  const schema = step.schema as Schema
  if (body && isMap(body)) return validate(body, schema, name.text)
  const missing = (schema.required ?? []).filter(key => schema.properties?.[key]?.default === undefined)
  return missing.length > 0
    ? [problem('parameter-missing', `"${name.text}" needs the parameter "${missing[0]}".`, name.span)]
    : []
}

/** A text that begins with `*` and has no quotes: to YAML the name of an anchor, here one that is nowhere. */
export function unquotedStar(document: Document): Problem | undefined {
  const alias = unresolvedAlias(document)
  if (!alias) return undefined
  const [span, text] = [spanOf(alias), `"*${alias.source}"`]
  return {
    ...problem(
      'yaml-malformed',
      'Quote a value that begins with *: without quotes it names an anchor.',
      span,
    ),
    fix: { title: `Change to ${text}`, span, text },
  }
}

function unknownStep(language: StudyLanguage, name: { text: string; span: Problem['span'] }): Problem {
  const known = language.steps.map(step => step.name)
  const near = nearest(name.text, known)
  return {
    ...problem('step-unknown', `There is no step "${name.text}". Steps: ${known.join(', ')}.`, name.span),
    ...(near && { fix: { title: `Change to "${near}"`, span: name.span, text: near } }),
  }
}
