import { isMap, LineCounter, parseDocument } from 'yaml'
import * as z from 'zod'
import { splitPromptText } from '../../../notebook/prompt/split.ts'
import { unresolvedAlias } from '../../../notebook/unresolved-alias.ts'
import { type CellPosition, MirageError, nearest } from '../../errors.ts'
import { ANSWER_FORMS } from '../answers/forms.ts'

const fraction = z.number().min(0).max(1)

/** What an image of the question shows. `rival` is the other SR image of a pairwise question. */
export const SHOWS = ['gt', 'lr', 'sr', 'rival', 'difference'] as const

const shownImage = z.strictObject({
  show: z.enum(SHOWS).meta({ description: 'What the image shows.' }),
  label: z.string().optional().meta({ description: 'What it is called before the judge.' }),
  resize: z.enum(['bicubic', 'nearest', 'none']).default('bicubic').meta({
    description: 'How an image that is smaller than SR is enlarged to its size; `none` sends it as it is.',
  }),
  crop: z
    .tuple([fraction, fraction, fraction, fraction])
    .optional()
    .meta({ description: 'Part of the frame, [x0, y0, x1, y1] in fractions.' }),
  zoom: z
    .number()
    .min(1)
    .max(16)
    .default(1)
    .meta({ description: 'The image, or its part, enlarged by this factor (bicubic).' }),
})
export type ShownImage = z.infer<typeof shownImage>

/** Front matter of a prompt cell. */
export const promptHeader = z.strictObject({
  name: z.string().optional(),
  title: z.string().optional().meta({ description: 'What the score is called.' }),
  mode: z
    .enum(['gt', 'lr', 'gt+lr'])
    .default('gt+lr')
    .meta({ description: 'What SR is held against. Images of the other kind are not sent.' }),
  images: z
    .array(z.union([z.enum(SHOWS).transform(show => shownImage.parse({ show })), shownImage]))
    .min(1)
    .default(() => (['gt', 'lr', 'sr'] as const).map(show => shownImage.parse({ show })))
    .meta({ description: 'Which images, in the order in which they are sent.' }),
  longest: z.int().min(16).max(8192).optional().meta({
    description: 'Larger images are reduced so that their longest side has this many pixels.',
  }),
  format: z.enum(['png', 'jpeg', 'webp']).default('png').meta({ description: 'How the images are encoded.' }),
  quality: z.int().min(1).max(100).default(95).meta({ description: 'Of JPEG and WebP.' }),
  detail: z
    .enum(['auto', 'low', 'high'])
    .optional()
    .meta({ description: "The provider's image detail setting." }),
  system: z.string().optional().meta({ description: 'System message.' }),
  answer: z
    .union([z.enum(ANSWER_FORMS.map(form => form.name)), z.record(z.string(), z.unknown())])
    .default('elements')
    .meta({ description: "The answer's form by name, or a JSON schema with a number `score`." }),
})
export type PromptHeader = z.infer<typeof promptHeader>

/**
 * Splits a prompt into its front matter and its template. A prompt without front matter has all defaults.
 *
 * @throws MirageError `prompt-header` with a position in the prompt's text.
 */
export function splitPrompt(text: string): { header: PromptHeader; template: string; lines: number } {
  const { header, template, lines } = splitPromptText(text)
  return {
    header: header ? readHeader(header.text) : promptHeader.parse({}),
    template: template.text,
    lines,
  }
}

function readHeader(yaml: string): PromptHeader {
  const counter = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: counter, prettyErrors: false })
  // The front matter's first line is the second of the cell.
  const at = (offset = 0): CellPosition => {
    const { line, col } = counter.linePos(offset)
    return { line: line + 1, column: col }
  }
  const [broken] = document.errors
  if (broken) throw headerError(`The front matter is no YAML: ${broken.message}`, at(broken.pos[0]))
  const alias = unresolvedAlias(document)
  if (alias) {
    const message = `"*${alias.source}" in the front matter names no anchor; quote a text that begins with *.`
    throw headerError(message, at(alias.range[0]))
  }
  const parsed = promptHeader.safeParse(document.toJS() ?? {})
  if (parsed.success) return parsed.data

  const [issue] = parsed.error.issues
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    const [key] = issue.keys
    const near = nearest(key, KEYS)
    const pair = isMap(document.contents) && document.contents.items.find(item => String(item.key) === key)
    const offset = pair ? (pair.key as unknown as { range?: [number] }).range?.[0] : 0
    throw headerError(
      `A prompt has no setting "${key}".${near ? ` Did you mean "${near}"?` : ''}`,
      at(offset),
    )
  }
  const node = document.getIn(issue.path, true) as unknown as { range?: [number] } | undefined
  throw headerError(`"${issue.path.join('.')}" in the front matter: ${issue.message}`, at(node?.range?.[0]))
}

const KEYS = Object.keys(promptHeader.shape)

function headerError(message: string, at: CellPosition): MirageError {
  return new MirageError({ code: 'prompt-header', message, remedy: `Settings: ${KEYS.join(', ')}.`, at })
}
