import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ratings } from '../../../src/kernel/steps/ratings.ts'
import type { StudyTable } from '../../../src/kernel/value.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-ratings-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const table: StudyTable = {
  kind: 'table',
  columns: [],
  rows: ['a', 'b'].flatMap(id => ['gan', 'osediff'].map(method => ({ id, method, images: {}, values: {} }))),
}

async function joined(name: string, content: string | Uint8Array, params: Record<string, unknown>) {
  await writeFile(join(folder, name), content)
  const context = stepContext(folder, { photos: table })
  const run = await runStep(ratings, { of: 'photos', from: name, ...params }, context)
  return { ...run, rows: (run.value as StudyTable).rows, columns: (run.value as StudyTable).columns }
}

const vha = { rating: { as: 'vha', direction: 'lower', range: [1, 5] } }

/** Three raters; one rated a row twice, one left a row out. */
const perRater = [
  'image,model,who,rating',
  'a.png,gan,ann,5',
  'a.png,gan,bob,4',
  'a.png,gan,cid,3',
  'sr/b.png,gan,ann,1',
  'sr/b.png,gan,ann,3',
  'sr/b.png,gan,bob,2',
  'a.png,OSEDiff,ann,2',
  'a.png,OSEDiff,bob,2',
  'a.png,OSEDiff,cid,2',
  'z.png,gan,ann,2',
  'a.png,esrgan,ann,2',
].join('\n')
const mapping = { id: 'image', method: 'model', rater: 'who', methods: { OSEDiff: 'osediff' } }

describe('ratings', () => {
  it('are of one sample of a method with noise: the one that the file says, and otherwise of none', async () => {
    const seeds: StudyTable = {
      kind: 'table',
      columns: [],
      rows: [0, 1].map(seed => ({ id: 'a', method: 'osediff', seed, images: {}, values: {} })),
    }
    const rated = async (name: string, text: string) => {
      await writeFile(join(folder, name), text)
      const context = stepContext(folder, { photos: seeds })
      const run = await runStep(
        ratings,
        { of: 'photos', from: name, values: { rating: { direction: 'higher' } } },
        context,
      )
      return { values: (run.value as StudyTable).rows.map(({ values }) => values.rating), notes: run.notes }
    }
    expect(await rated('seeded.csv', 'id,method,seed,rating\na,osediff,1,4\na,osediff,7,2\n')).toMatchObject({
      values: [null, 4],
    })
    const { values } = await rated('plain.csv', 'id,method,rating\na,osediff,4\n')
    expect(values).toEqual([null, null])
  })

  it('gives each row the mean of its raters with its interval, and keeps the declared direction', async () => {
    const { rows, columns } = await joined('r.csv', perRater, { ...mapping, values: vha })
    expect(rows[0].values).toMatchObject({ vha: 4, vha_n: 3, vha_sd: 1 })
    // t of 2 degrees of freedom, 4.302653, times 1 / sqrt(3).
    expect(rows[0].values.vha_high).toBeCloseTo(4 + 4.302653 / Math.sqrt(3), 5)
    // Ann's two ratings count as one.
    expect(rows[2].values).toMatchObject({ vha: 2, vha_n: 2 })
    expect(rows[1].values).toMatchObject({ vha: 2, vha_sd: 0, vha_low: 2, vha_high: 2 })
    expect(columns[0]).toMatchObject({ name: 'vha', direction: 'lower', range: [1, 5] })
  })

  it('reports every mismatch, on both sides', async () => {
    const { outputs, notes, rows } = await joined('r.csv', perRater, { ...mapping, values: vha })
    const payload = (outputs[1].items[0] as { json: { rows: unknown[] } }).json
    expect(payload.rows).toEqual([
      { 'only in': 'file', id: 'z.png', method: 'gan', reason: 'the table has no such image', lines: 1 },
      {
        'only in': 'file',
        id: 'a',
        method: 'esrgan',
        reason: 'the table has this image, not by this method',
        lines: 1,
      },
      {
        'only in': 'table',
        id: 'b',
        method: 'osediff',
        reason: 'the file has no rating for it',
        lines: null,
      },
    ])
    expect(notes[0]).toContain('Only in the table: the file has no rating for it: b by osediff.')
    expect(rows[3].values.vha).toBeNull()
    expect(rows[3].missing?.vha).toBe('r.csv has no rating of it')
  })

  it('tells how far raters agree', async () => {
    const { lock, outputs } = await joined('r.csv', perRater, { ...mapping, values: vha })
    const { vha: agreement } = (lock as { agreement: Record<string, Record<string, unknown>> }).agreement
    expect(agreement).toMatchObject({ raters: 3, ratings: 9, rows: 3, icc: { targets: 2, raters: 3 } })
    expect((outputs[0].items.at(-1) as { text: string }).text).toMatch(
      /Krippendorff's alpha 0\.\d{3}; ICC\(2,1\)/,
    )
  })

  it('turns a scale round on request, and its direction with it', async () => {
    const values = { rating: { ...vha.rating, as: 'hs_human', flip: true } }
    const { rows, columns } = await joined('r.csv', perRater, { ...mapping, values })
    expect(rows[0].values.hs_human).toBe(2)
    expect(columns[0].direction).toBe('higher')
  })

  it('reads the same numbers from JSONL and Parquet', async () => {
    const records = [
      { id: 'a', method: 'gan', lpips: 0.25, note: 'x' },
      { id: 'a', method: 'osediff', lpips: null, note: 'y' },
      { id: 'b', method: 'gan', lpips: 0.5, note: 'z' },
    ]
    const values = { lpips: { direction: 'lower' } }
    const lines = records.map(record => JSON.stringify(record)).join('\n')
    const json = await joined('m.jsonl', lines, { values })
    const columnOf = (name: 'id' | 'method' | 'lpips') => records.map(record => record[name])
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: 'id', data: columnOf('id'), type: 'STRING' },
        { name: 'method', data: columnOf('method'), type: 'STRING' },
        { name: 'lpips', data: columnOf('lpips'), type: 'DOUBLE', nullable: true },
      ],
    })
    const parquet = await joined('m.parquet', new Uint8Array(buffer), { values })
    expect(json.rows.map(row => row.values.lpips)).toEqual([0.25, null, 0.5, null])
    expect(parquet.rows.map(row => row.values.lpips)).toEqual([0.25, null, 0.5, null])
    expect(json.columns.map(({ name }) => name)).toEqual(['lpips'])
  })

  it.each([
    ['no direction', { rating: { range: [1, 5] } }, /direction|Invalid/],
    ['a flip without its range', { rating: { direction: 'lower', flip: true } }, /is needed to flip/],
  ])('refuses %s', async (_, values, message) => {
    await expect(joined('r.csv', perRater, { ...mapping, values })).rejects.toThrow(message)
  })

  it.each([
    [
      'a word for a number',
      'id,method,rating\na,gan,five',
      'rating-malformed',
      /Line 2 of r.csv: rating is "five"/,
    ],
    [
      'a rating off the scale',
      'id,method,rating\na,gan,3\na,gan,6',
      'rating-malformed',
      /Line 3 .* outside 1 to 5/,
    ],
    ['a column that is not there', 'id,method,ratings\na,gan,3', 'column-unknown', /Did you mean "ratings"/],
    ['a broken line', 'id,method,rating\na,gan', 'table-unreadable', /line 2/],
  ])('names %s and where it is', async (_, content, code, message) => {
    await expect(joined('r.csv', content, { values: vha })).rejects.toMatchObject({
      info: { code, message: expect.stringMatching(message) },
    })
  })

  it('takes a file without methods for the only method of the table', async () => {
    await writeFile(join(folder, 'one.csv'), 'id,rating\na,3\nb,4')
    const one: StudyTable = { ...table, rows: table.rows.filter(({ method }) => method === 'gan') }
    const context = stepContext(folder, { photos: one })
    const run = await runStep(ratings, { of: 'photos', from: 'one.csv', values: vha }, context)
    expect((run.value as StudyTable).rows.map(row => row.values.vha)).toEqual([3, 4])
  })
})
