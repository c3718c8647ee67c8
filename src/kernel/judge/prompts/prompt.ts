import { createHash } from 'node:crypto'
import {
  parseTemplate,
  renderTemplate,
  TemplateProblem,
  unknownVariables,
} from '../../../notebook/prompt/template.ts'
import { PROMPT_VARIABLES, type PromptVariable } from '../../../notebook/prompt/variables.ts'
import { MirageError } from '../../errors.ts'
import { ANSWER_FORMS, type AnswerForm, customForm } from '../answers/forms.ts'
import { type PromptHeader, type ShownImage, splitPrompt } from './header.ts'

/** A prompt that can be rendered for any row. */
export interface Prompt {
  name: string
  /** sha256 of the prompt's text, front matter included. */
  hash: string
  header: PromptHeader
  /** Images that the mode sends, in order. */
  images: ShownImage[]
  form: AnswerForm
  /** @throws MirageError `prompt-render` */
  render(shown: Shown): Rendered
}

/** What differs from question to question. */
export type Shown = Pick<PromptVariables, 'images' | 'scale' | 'tags'>

export interface Rendered {
  text: string
  /** What the template was given. */
  variables: PromptVariables
}

/** Values of the variables of a template (`PROMPT_VARIABLES`). */
export interface PromptVariables extends Record<PromptVariable, unknown> {
  mode: string
  images: { label: string; show: string; width: number; height: number }[]
  scale: number | null
  range: readonly [number, number]
  schema: string
  tags: string[]
}

const NEEDED_BY_MODE: Record<PromptHeader['mode'], readonly string[]> = {
  gt: ['gt', 'sr', 'rival', 'difference'],
  lr: ['lr', 'sr', 'rival'],
  'gt+lr': ['gt', 'lr', 'sr', 'rival', 'difference'],
}

/**
 * Reads a prompt and checks everything that can be checked before a row is there.
 *
 * @throws MirageError `prompt-header`, `prompt-template`, `prompt-variable`, each with a position in `text`.
 */
export function readPrompt(
  name: string,
  text: string,
  overrides: { mode?: PromptHeader['mode'] } = {},
): Prompt {
  const { header: written, template, lines } = splitPrompt(text)
  const header = { ...written, ...(overrides.mode && { mode: overrides.mode }) }
  const parsed = located(name, lines, () => {
    const read = parseTemplate(template)
    const [unknown] = unknownVariables(read)
    if (unknown) throw unknown
    return read
  })
  const images = header.images.filter(image => NEEDED_BY_MODE[header.mode].includes(image.show))
  if (!images.some(image => image.show === 'sr')) {
    throw new MirageError({
      code: 'prompt-header',
      message: `The prompt "${name}" never shows the super-resolved image.`,
      remedy: 'Add `sr` to `images` in its front matter.',
      at: { line: 1, column: 1 },
    })
  }
  const form = formOf(header)
  requireRival(name, images, form)
  const { mode } = header
  const shared = { mode, range: form.range, schema: JSON.stringify(form.schema) }
  const known = new Map<string, Rendered>()
  return {
    name,
    hash: createHash('sha256').update(text).digest('hex'),
    header,
    images,
    form,
    render(shown) {
      // Rows of one study mostly differ in pixels alone.
      const key = JSON.stringify(shown)
      let rendered = known.get(key)
      if (!rendered) {
        const variables = { ...shared, ...shown }
        rendered = { variables, text: located(name, lines, () => tidy(renderTemplate(parsed, variables))) }
        known.set(key, rendered)
      }
      return rendered
    },
  }
}

/** A comparison needs both images, and of a second image only a comparison says something. */
function requireRival(name: string, images: readonly ShownImage[], form: AnswerForm): void {
  const shown = images.some(image => image.show === 'rival')
  if (shown === (form.compares ?? false)) return
  throw new MirageError({
    code: 'prompt-header',
    ...(shown
      ? {
          message: `The prompt "${name}" shows \`rival\`, but "${form.name}" answers speak of one image.`,
          remedy: 'Set `answer: pairwise` in its front matter, or take `rival` out of `images`.',
        }
      : {
          message: `The prompt "${name}" asks for a comparison and never shows \`rival\`.`,
          remedy: 'Add `rival` to `images` in its front matter, or give it another `answer`.',
        }),
    at: { line: 1, column: 1 },
  })
}

function formOf({ answer }: PromptHeader): AnswerForm {
  return typeof answer === 'string' ? ANSWER_FORMS.find(form => form.name === answer)! : customForm(answer)
}

const tidy = (text: string) => `${text.replace(/\n{3,}/g, '\n\n').trim()}\n`

/** Says where in the cell's text a template's problem is. */
function located<T>(name: string, lines: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof TemplateProblem)) throw error
    const { code, what } = KINDS[error.kind]
    throw new MirageError(
      {
        code,
        message: what ? `${what.replace('NAME', name)}: ${error.message}.` : error.message,
        remedy: `Templates are Liquid. Variables: ${Object.keys(PROMPT_VARIABLES).join(', ')}.`,
        at: { line: error.at.line + lines, column: error.at.column },
      },
      { cause: error.cause },
    )
  }
}

const KINDS: Record<TemplateProblem['kind'], { code: string; what?: string }> = {
  malformed: { code: 'prompt-template', what: 'The template of "NAME" cannot be read' },
  'unknown-variable': { code: 'prompt-variable' },
  unrenderable: { code: 'prompt-render', what: 'The prompt "NAME" cannot be rendered' },
}
