import * as z from 'zod'
import { type GalleryPayload, MIME } from '../protocol/mime.ts'
import { defines, reads } from '../schema.ts'
import type { StepDefinition } from '../step.ts'
import type { StudyTable } from '../value.ts'
import { tripletsOf } from './payloads.ts'
import { requireKnown, selectRows } from './select-rows.ts'

const tagList = z.array(z.string().trim().min(1))

/** By image id: tags of each method, of all others under `*`; a bare list is that of all methods. */
const tagsOfImages = z.record(z.string(), z.union([tagList, z.record(z.string(), tagList)]))
type TagsOfImages = z.infer<typeof tagsOfImages>

const params = z.strictObject({
  of: reads('table', 'Table whose images are shown.'),
  rows: z.array(z.string()).optional().meta({ description: 'Image ids to show; all by default.' }),
  methods: z.array(z.string()).optional().meta({ description: 'Methods to show; all by default.' }),
  tags: tagsOfImages.optional().meta({
    description:
      'Tags of the rows, by image id: a list for all methods, or a list by method. Tagging in the gallery writes them here.',
  }),
  as: defines('Name of the table with its tags, for later cells.').optional(),
})

/** Shows a table as a grid of its images, and gives its rows their tags. */
export const gallery: StepDefinition<typeof params> = {
  name: 'gallery',
  version: 1,
  summary: 'Shows the images of a table as a grid that is sorted, filtered, grouped and tagged.',
  params,
  granularity: 'table',
  async *run({ of, rows, methods, tags = {} }, context) {
    const table = context.input(of, 'table')
    requireKnown('row', Object.keys(tags), new Set(table.rows.map(({ id }) => id)))
    const tagged = withTags(table, tags)
    const shown = selectRows(tagged, rows, methods)
    return {
      value: shown,
      outputs: [
        {
          id: 'gallery',
          items: [
            { mime: MIME.gallery, json: galleryPayload(shown) },
            { mime: 'text/plain', text: asText(shown) },
          ],
        },
      ],
    }
  },
}

/** A row's own tags replace those that it had; rows that are not spoken of keep theirs. */
function withTags(table: StudyTable, tags: TagsOfImages): StudyTable {
  return {
    ...table,
    rows: table.rows.map(row => {
      const given = Object.hasOwn(tags, row.id) ? tags[row.id] : undefined
      const own = Array.isArray(given) ? given : (given?.[row.method ?? '*'] ?? given?.['*'])
      return own ? { ...row, tags: [...new Set(own)] } : row
    }),
  }
}

/** Images and numbers of a row are those of the triplets, where it has any; only what is not there is repeated. */
export function galleryPayload(table: StudyTable): GalleryPayload {
  return {
    columns: table.columns,
    rows: table.rows.map(({ id, method, images, values, tags }) => ({
      id,
      method,
      ...(!(images.sr && method !== null) && { image: images.sr ?? images.lr ?? images.gt, values }),
      ...(tags && tags.length > 0 && { tags }),
    })),
    triplets: tripletsOf(table),
  }
}

const TEXT_ROWS = 20

function asText({ rows, columns }: StudyTable): string {
  const lines = rows.slice(0, TEXT_ROWS).map(({ id, method, values, tags = [] }) => {
    const numbers = columns.flatMap(({ name }) => {
      const value = values[name]
      return value === null || value === undefined
        ? []
        : [`${name} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`]
    })
    const parts = [[id, method].filter(Boolean).join(' '), ...numbers, ...tags.map(tag => `#${tag}`)]
    return parts.join(', ')
  })
  const images = new Set(rows.map(({ id }) => id)).size
  const more = rows.length > TEXT_ROWS ? [`and ${rows.length - TEXT_ROWS} more`] : []
  return [`${rows.length} rows of ${images} images`, ...lines, ...more].join('\n')
}
