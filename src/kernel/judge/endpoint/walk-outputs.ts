import type { Output } from '../../protocol/messages.ts'
import { type GalleryPayload, MIME } from '../../protocol/mime.ts'
import type { StageFacts } from '../../step.ts'
import type { QuestionContent } from '../questions/request.ts'

/** Characters of a stage's text that are shown in the cell; the variables view has the whole. */
const LONGEST_TEXT = 6000

/** What the cell shows while a step waits at a stage: the stage in words, and the images as they are sent. */
export function walkOutputs(facts: StageFacts, content: QuestionContent): Output[] {
  return [
    { id: 'walk', items: [{ mime: 'text/plain', text: `${headOf(facts)}\n\n${bodyOf(facts)}` }] },
    imagesOutput(content),
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

function imagesOutput({ images }: QuestionContent): Output {
  const rows: GalleryPayload['rows'] = images.map(({ label, prepared }, i) => {
    const { hash, width, height, mime, bytes } = prepared
    return {
      id: `${i + 1}. ${label}`,
      method: `${width} x ${height}, ${mime}, ${Math.ceil(bytes / 1024)} KiB`,
      image: { hash, width, height, mime },
      values: {},
    }
  })
  const text = rows.map(({ id, method }) => `${id} (${method})`).join('\n')
  return {
    id: 'walk-images',
    items: [
      { mime: MIME.gallery, json: { columns: [], rows, triplets: [] } satisfies GalleryPayload },
      { mime: 'text/plain', text },
    ],
  }
}
