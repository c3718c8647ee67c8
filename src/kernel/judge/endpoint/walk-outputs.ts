import type { Output } from '../../protocol/messages.ts'
import { type GalleryPayload, MIME } from '../../protocol/mime.ts'
import type { StageFacts } from '../../protocol/stage-facts.ts'
import type { QuestionContent } from '../questions/request.ts'

/** Characters of a stage's text that are shown in the cell; the variables view has the whole. */
const LONGEST_TEXT = 6000

/** What the cell shows while a step waits at a stage: the images as they are sent, and the stage in words. */
export function walkOutputs(facts: StageFacts, { images }: QuestionContent): Output[] {
  const rows: GalleryPayload['rows'] = images.map(
    ({ label, prepared: { hash, width, height, mime } }, i) => ({
      id: `${i + 1}. ${label}`,
      method: null,
      image: { hash, width, height, mime },
      values: {},
    }),
  )
  const lines = images.map(
    ({ label, prepared: { width, height, mime, bytes } }, i) =>
      `${i + 1}. ${label} (${width} x ${height}, ${mime}, ${Math.ceil(bytes / 1024)} KiB)`,
  )
  const listed = lines.join('\n')
  const body = facts.values.images ? listed : bodyOf(facts)
  return [
    {
      id: 'walk-images',
      items: [
        { mime: MIME.gallery, json: { columns: [], rows, triplets: [] } satisfies GalleryPayload },
        { mime: 'text/plain', text: listed },
      ],
    },
    { id: 'walk', items: [{ mime: 'text/plain', text: `${headOf(facts)}\n\n${body}` }] },
  ]
}

function headOf({ title, row, about, values }: StageFacts): string {
  const where = row ? [row.id, ...(row.method === null ? [] : [row.method])] : []
  const words = Object.entries(about ?? {}).map(([name, text]) => `${name} ${text}`)
  return `${[title, ...where, ...words].join(' · ')}${values.edited ? ' · edited by hand' : ''}`
}

function bodyOf({ values }: StageFacts): string {
  const { text, problem, ...rest } = values
  const parts = [
    ...(problem === undefined ? [] : [`Problem: ${problem}`]),
    typeof text === 'string' ? text : JSON.stringify(rest, null, 2),
  ]
  const whole = parts.join('\n\n')
  return whole.length > LONGEST_TEXT ? `${whole.slice(0, LONGEST_TEXT)} ...` : whole
}
