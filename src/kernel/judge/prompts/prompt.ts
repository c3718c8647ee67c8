import { createHash } from 'node:crypto'
import { Liquid, LiquidError, type Template } from 'liquidjs'
import { MirageError, nearest } from '../../errors.ts'
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
  render(variables: PromptVariables): string
}

/** What a template can use. The method's name is not among them: the judge must not know whom it judges. */
export interface PromptVariables {
  mode: string
  images: { label: string; show: string; width: number; height: number }[]
  /** LR to SR side ratio; null where unknown. */
  scale: number | null
  /** Range of the score: `range[0]` to `range[1]`. */
  range: readonly [number, number]
  /** JSON schema of the answer, as text. */
  schema: string
  /** Tags of the row. */
  tags: string[]
}

export const PROMPT_VARIABLES: readonly (keyof PromptVariables)[] = [
  'mode',
  'images',
  'scale',
  'range',
  'schema',
  'tags',
]

const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  // A template reads no files, and cannot run away.
  templates: {},
  parseLimit: 1e6,
  renderLimit: 2000,
  memoryLimit: 1e7,
})

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
  const parsed = parseTemplate(name, template, lines)
  checkVariables(parsed, lines)
  const images = header.images.filter(image => NEEDED_BY_MODE[header.mode].includes(image.show))
  if (!images.some(image => image.show === 'sr')) {
    throw new MirageError({
      code: 'prompt-header',
      message: `The prompt "${name}" never shows the super-resolved image.`,
      remedy: 'Add `sr` to `images` in its front matter.',
      at: { line: 1, column: 1 },
    })
  }
  const rendered = new Map<string, string>()
  return {
    name,
    hash: createHash('sha256').update(text).digest('hex'),
    header,
    images,
    form: formOf(header),
    render(variables) {
      // Rows of one study mostly differ in pixels alone.
      const key = JSON.stringify(variables)
      const known = rendered.get(key) ?? render(name, parsed, variables, lines)
      rendered.set(key, known)
      return known
    },
  }
}

function formOf({ answer }: PromptHeader): AnswerForm {
  return typeof answer === 'string' ? ANSWER_FORMS.find(form => form.name === answer)! : customForm(answer)
}

function parseTemplate(name: string, template: string, lines: number): Template[] {
  try {
    return engine.parse(template)
  } catch (error) {
    throw liquidError('prompt-template', `The template of "${name}" cannot be read`, error, lines)
  }
}

function checkVariables(parsed: Template[], lines: number): void {
  const { globals } = engine.analyzeSync(parsed, { partials: false })
  for (const [variable, [use]] of Object.entries(globals)) {
    if ((PROMPT_VARIABLES as readonly string[]).includes(variable)) continue
    const near = nearest(variable, PROMPT_VARIABLES)
    throw new MirageError({
      code: 'prompt-variable',
      message: `A prompt has no variable "${variable}".${near ? ` Did you mean "${near}"?` : ''}`,
      remedy: `Variables: ${PROMPT_VARIABLES.join(', ')}.`,
      at: { line: use.location.row + lines, column: use.location.col },
    })
  }
}

function render(name: string, parsed: Template[], variables: PromptVariables, lines: number): string {
  try {
    const text: string = engine.renderSync(parsed, variables)
    return `${text.replace(/\n{3,}/g, '\n\n').trim()}\n`
  } catch (error) {
    throw liquidError('prompt-render', `The prompt "${name}" cannot be rendered`, error, lines)
  }
}

function liquidError(code: string, what: string, error: unknown, lines: number): unknown {
  if (!LiquidError.is(error)) return error
  const [row, column] = error.token.getPosition()
  const why = (error.originalError?.message ?? error.message).split('\n')[0]
  return new MirageError(
    {
      code,
      message: `${what}: ${why}.`,
      remedy: `Templates are Liquid. Variables: ${PROMPT_VARIABLES.join(', ')}.`,
      at: { line: row + lines, column },
    },
    { cause: error },
  )
}
