import { z } from 'zod'
import { MirageError, nearest } from '../errors.ts'
import { MIME } from '../protocol/mime.ts'
import { defines, reads } from '../schema.ts'
import type { StepDefinition } from '../step.ts'
import type { StudyTable } from '../value.ts'
import { comparePayload } from './payloads.ts'

const params = z.strictObject({
  of: reads('table', 'Table whose images are shown.'),
  rows: z.array(z.string()).optional().meta({ description: 'Image ids to show; all by default.' }),
  methods: z.array(z.string()).optional().meta({ description: 'Methods to show; all by default.' }),
  as: defines().optional(),
})

/** Shows the images of a table in the comparison view. */
export const compare: StepDefinition<typeof params> = {
  name: 'compare',
  version: 1,
  summary: 'Shows LR, GT and SR images side by side, by swipe, and as differences.',
  params,
  granularity: 'table',
  async *run({ of, rows, methods }, context) {
    const table = context.input(of, 'table')
    const chosen = select(table, rows, methods)
    const payload = comparePayload(chosen)
    const names = payload.triplets.map(
      ({ id, images }) => `${id}: ${images.map(({ label }) => label).join(', ')}`,
    )
    return {
      value: chosen,
      outputs: [
        {
          id: 'compare',
          items: [
            { mime: MIME.compare, json: payload },
            { mime: 'text/plain', text: names.join('\n') },
          ],
        },
      ],
    }
  },
}

function select(table: StudyTable, ids: string[] | undefined, methods: string[] | undefined): StudyTable {
  requireKnown('row', ids, new Set(table.rows.map(({ id }) => id)))
  requireKnown('method', methods, new Set(table.rows.flatMap(({ method }) => method ?? [])))
  return {
    ...table,
    rows: table.rows.filter(
      ({ id, method }) =>
        (!ids || ids.includes(id)) && (!methods || method === null || methods.includes(method)),
    ),
  }
}

function requireKnown(what: string, asked: string[] | undefined, known: Set<string>): void {
  const missing = asked?.find(name => !known.has(name))
  if (missing === undefined) return
  const near = nearest(missing, [...known])
  throw new MirageError({
    code: `${what}-unknown`,
    message: `The table has no ${what} "${missing}".${near ? ` Did you mean "${near}"?` : ''}`,
    remedy: `It has: ${[...known].slice(0, 12).join(', ')}${known.size > 12 ? ` and ${known.size - 12} more` : ''}.`,
  })
}
