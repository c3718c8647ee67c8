import { type ColumnInfo, MIME, type RatePayload, type TablePayload } from '../protocol/mime.ts'
import {
  Collection,
  keepSession,
  type RatingRow,
  type RatingSession,
  trapsFile,
} from '../rating/collection.ts'
import type { StepDefinition } from '../step.ts'
import { hashOf } from '../store/canonical.ts'
import { requireMethods } from './columns.ts'
import { inside } from './export.ts'
import { pairsOf, type ShownPair } from './rate/pairs.ts'
import { params, type RateParams } from './rate/params.ts'

/** Lets people rate pairs of images blind. */
export const rate: StepDefinition<typeof params> = {
  name: 'rate',
  version: 1,
  summary: 'Shows pairs of images to people, blind and in random order, and keeps their ratings of 1 to 5.',
  params,
  granularity: 'table',

  async *run(values, { input, folder, seed, store }) {
    inside(folder, values.to)
    const table = input(values.of, 'table')
    if (values.methods) requireMethods(table, { rated: values.methods })
    const shown = pairsOf(table, values, seed)
    const known: RatingSession = {
      to: values.to,
      top: values.labels.length,
      pairs: Object.fromEntries(shown.pairs.map(({ key, pair }) => [key, pair])),
    }
    const session = hashOf(known)
    await keepSession(store, session, known)
    const collection = new Collection(known, folder)
    collection.begin()
    if (shown.left.length > 0) yield { type: 'note', text: shown.left.join('\n') }
    const notes = notesOf(shown.pairs, values)
    const raters = ratersPayload(collection, known, notes)
    return {
      outputs: [
        {
          id: 'rate',
          items: [
            { mime: MIME.rate, json: payloadOf(session, shown.pairs, values) },
            { mime: 'text/plain', text: [`Ratings are given in the editor.`, ...notes].join('\n') },
          ],
        },
        {
          id: 'raters',
          items: [
            { mime: MIME.table, json: raters },
            { mime: 'text/plain', text: ratersText(raters) },
          ],
        },
      ],
      lock: { session, pairs: shown.pairs.length, to: values.to },
      // Answers come in while the cell rests, so that what it says of them is never old.
      cacheable: false,
    }
  },
}

function payloadOf(
  session: string,
  pairs: readonly ShownPair[],
  { question, labels }: RateParams,
): RatePayload {
  return { session, question, labels, pairs: pairs.map(({ shown }) => shown) }
}

function notesOf(pairs: readonly ShownPair[], { to, labels, best }: RateParams): string[] {
  const traps = pairs.filter(({ pair }) => pair.expected !== undefined).length
  const real = pairs.length - traps
  return [
    `${real} pairs and ${traps} traps, each rater in an order of their own. Methods are not shown.`,
    `${labels.map((label, i) => `${i + 1}: ${label}`).join('. ')}. A perfect copy is ${best}.`,
    `Answers are kept in ${to}, those to traps in ${trapsFile(to)}. Read them with \`ratings: { from: ${to}, rater: rater, values: { rating: { direction: ${best === 1 ? 'lower' : 'higher'}, range: [1, ${labels.length}] } } }\`.`,
  ]
}

/** How far each rater is, and whether they look: a row per rater. */
function ratersPayload(collection: Collection, { pairs }: RatingSession, notes: string[]): TablePayload {
  const expected = new Map(
    Object.values(pairs).map(({ id, method, expected }) => [JSON.stringify([id, method]), expected]),
  )
  const asked = (row: RatingRow) => expected.has(JSON.stringify([row.id, row.method]))
  const traps = collection.trapRows().filter(asked)
  const rows = collection.rows().filter(asked)
  const raters = [...new Set([...rows, ...traps].map(({ rater }) => rater))].sort()
  const all = [...expected.values()]
  const info = (name: string, label: string): ColumnInfo => ({
    name,
    label,
    direction: 'none',
    settings: {},
    version: '1',
    source: 'Answers of this cell',
  })
  return {
    caption: 'Raters',
    keys: ['rater'],
    columns: [
      info('rated', 'rated'),
      info('left', 'left'),
      info('passed', 'traps passed'),
      info('failed', 'traps failed'),
      info('seconds', 'median seconds a pair'),
    ],
    rows: raters.map(rater => {
      const own = rows.filter(row => row.rater === rater)
      const trapped = traps.filter(row => row.rater === rater)
      // One step off is a matter of taste; more is not looking.
      const passed = trapped.filter(
        row => Math.abs(row.rating - expected.get(JSON.stringify([row.id, row.method]))!) <= 1,
      ).length
      return {
        rater,
        rated: own.length,
        left: all.length - own.length - trapped.length,
        passed,
        failed: trapped.length - passed,
        seconds: median([...own, ...trapped].map(({ seconds }) => seconds)),
      }
    }),
    notes,
  }
}

function median(values: number[]): number {
  const list = values.toSorted((a, b) => a - b)
  return (list[Math.floor((list.length - 1) / 2)] + list[Math.ceil((list.length - 1) / 2)]) / 2
}

function ratersText({ rows }: TablePayload): string {
  if (rows.length === 0) return 'Nobody has rated yet.'
  return rows
    .map(
      ({ rater, rated, left, passed, failed }) =>
        `${rater}: ${rated} rated, ${left} left, ${passed} traps passed, ${failed} failed`,
    )
    .join('\n')
}
