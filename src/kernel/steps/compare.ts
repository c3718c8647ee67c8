import * as z from 'zod'
import { MIME } from '../protocol/mime.ts'
import { defines, reads } from '../schema.ts'
import type { StepDefinition } from '../step.ts'
import { comparePayload } from './payloads.ts'
import { selectRows } from './select-rows.ts'

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
    const chosen = selectRows(table, rows, methods)
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
