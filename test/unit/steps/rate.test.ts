import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RatePayload, TablePayload } from '../../../src/kernel/protocol/mime.ts'
import { openCollection } from '../../../src/kernel/rating/collection.ts'
import { rate } from '../../../src/kernel/steps/rate.ts'
import { ratings } from '../../../src/kernel/steps/ratings.ts'
import type { StudyTable } from '../../../src/kernel/value.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-rate-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const image = (name: string) => ({ hash: `hash of ${name}`, width: 8, height: 8, mime: 'image/png', name })
const METHODS = ['gan', 'osediff']
const IDS = ['a', 'b', 'c']
const table: StudyTable = {
  kind: 'table',
  columns: [],
  rows: IDS.flatMap(id =>
    METHODS.map(method => ({
      id,
      method,
      images: { gt: image(`${id} gt`), lr: image(`${id} lr`), sr: image(`${id} ${method}`) },
      values: {},
    })),
  ),
}

async function started(params: Record<string, unknown> = {}, of = table) {
  const context = stepContext(folder, { photos: of })
  const run = await runStep(rate, { of: 'photos', to: 'people/hs.csv', ...params }, context)
  const [shown, raters] = run.outputs.map(({ items }) => (items[0] as { json: unknown }).json)
  const payload = shown as RatePayload
  const collection = await openCollection(context.store, payload.session, folder)
  return { ...run, payload, raters: raters as TablePayload, collection, context }
}

/** Method and image by the hash of what is shown. */
const resultOf = (payload: RatePayload, key: string) =>
  payload.pairs.find(pair => pair.key === key)!.result.hash

describe('rate', () => {
  it('shows every pair and the traps, and nothing that tells which is which', async () => {
    const { payload } = await started()
    expect(payload.pairs).toHaveLength(IDS.length * METHODS.length + 4)
    const text = JSON.stringify(payload).replaceAll(/"hash":"[^"]*"/g, '')
    expect(text).not.toMatch(/gan|osediff|trap|expected|"name"/)
    const copies = payload.pairs.filter(({ references, result }) => references[0].image.hash === result.hash)
    expect(copies).toHaveLength(2)
  })

  it('has the same pairs under the same keys when it runs again, others for another seed', async () => {
    const first = await started()
    expect((await started()).payload).toEqual(first.payload)
    const context = { ...stepContext(folder, { photos: table }), seed: 2 }
    const run = await runStep(rate, { of: 'photos', to: 'people/hs.csv' }, context)
    const other = (run.outputs[0].items[0] as { json: RatePayload }).json
    expect(other.pairs.map(({ key }) => key)).not.toEqual(first.payload.pairs.map(({ key }) => key))
  })

  it('keeps a row per rater and pair, a later answer in place of an earlier one, traps apart', async () => {
    const { payload, collection } = await started()
    for (const { key } of payload.pairs) collection.keep(' ann ', { pair: key, rating: 3, seconds: 1.23 })
    const [{ key }] = payload.pairs.filter(({ result }) => /gan|osediff/.test(result.hash))
    collection.keep('ann', { pair: key, rating: 5, seconds: 2 })
    expect(collection.rows()).toHaveLength(6)
    expect(collection.trapRows()).toHaveLength(4)
    expect(collection.ratingsOf('ann')).toMatchObject({ [key]: 5 })
    expect(collection.ratingsOf('bob')).toEqual({})
    const [header, ...lines] = (await readFile(join(folder, 'people/hs.csv'), 'utf8')).trim().split('\n')
    expect(header).toBe('id,method,rater,rating,seconds,at')
    const [id, method] = resultOf(payload, key).replace('hash of ', '').split(' ')
    expect(lines.at(-1)).toMatch(new RegExp(`^${id},${method},ann,5,2,\\d{4}-`))
    expect(await readFile(join(folder, 'people/hs.traps.csv'), 'utf8')).toMatch(/,expected\n/)
  })

  it('is resumed from its file by a later run, whatever became of the cache', async () => {
    const { payload, collection } = await started()
    collection.keep('ann', { pair: payload.pairs[0].key, rating: 2, seconds: 1 })
    await rm(join(folder, '.mirage-cache'), { recursive: true })
    const again = await started()
    expect(again.collection.ratingsOf('ann')).toEqual({ [payload.pairs[0].key]: 2 })
  })

  it('says how far each rater is and whether they look', async () => {
    const { payload, collection } = await started()
    for (const { key, references, result } of payload.pairs) {
      const isCopy = references[0].image.hash === result.hash
      collection.keep('careful', {
        pair: key,
        rating: isCopy ? 5 : /gt/.test(result.hash) ? 1 : 3,
        seconds: 4,
      })
      collection.keep('careless', { pair: key, rating: 5, seconds: 1 })
    }
    const { raters } = await started()
    expect(raters.rows).toEqual([
      { rater: 'careful', rated: 6, left: 0, passed: 4, failed: 0, seconds: 4 },
      { rater: 'careless', rated: 6, left: 0, passed: 2, failed: 2, seconds: 1 },
    ])
  })

  it('gives what the step `ratings` reads, with agreement of the raters', async () => {
    const { payload, collection, context } = await started()
    for (const rater of ['ann', 'bob'])
      for (const { key, result } of payload.pairs)
        collection.keep(rater, { pair: key, rating: /gan/.test(result.hash) ? 2 : 4, seconds: 1 })
    const params = {
      rater: 'rater',
      values: { rating: { as: 'people', direction: 'higher', range: [1, 5] } },
    }
    const joined = await runStep(ratings, { of: 'photos', from: 'people/hs.csv', ...params }, context)
    expect(joined.notes).toEqual([])
    const { rows } = joined.value as StudyTable
    expect(rows.map(({ values }) => values.people)).toEqual([2, 4, 2, 4, 2, 4])
    expect(joined.lock).toMatchObject({ agreement: { people: { raters: 2, alpha: 1 } } })
  })

  it.each([
    [{ pair: 'nobody', rating: 3, seconds: 1 }, 'ann', 'pair-unknown'],
    [{ pair: '', rating: 6, seconds: 1 }, 'ann', 'rating-malformed'],
    [{ pair: '', rating: 2.5, seconds: 1 }, 'ann', 'rating-malformed'],
    [{ pair: '', rating: 3, seconds: 1 }, '  ', 'rater-missing'],
  ])('refuses %o by "%s"', async (answer, rater, code) => {
    const { payload, collection } = await started()
    const pair = answer.pair || payload.pairs[0].key
    expect(() => collection.keep(rater, { ...answer, pair })).toThrow(
      expect.objectContaining({ info: expect.objectContaining({ code }) }),
    )
  })

  it('leaves a file that it cannot read as it is, and says where it is broken', async () => {
    const { payload, collection } = await started()
    const path = join(folder, 'people/hs.csv')
    await writeFile(path, 'id,method,rater,rating,seconds,at\na,gan,ann,three,1,now\n')
    expect(() => collection.keep('ann', { pair: payload.pairs[0].key, rating: 3, seconds: 1 })).toThrow(
      /people\/hs\.csv.*line 2/,
    )
    expect(await readFile(path, 'utf8')).toContain('three')
  })

  it('says which rows it leaves out, and what is wrong with its parameters', async () => {
    const [first, ...rest] = table.rows
    const { notes } = await started(
      {},
      { ...table, rows: [{ ...first, images: { sr: first.images.sr } }, ...rest] },
    )
    expect(notes).toEqual(['a by gan has no GT and is left out.'])
    await expect(started({ methods: ['esrgan'] })).rejects.toThrow(/esrgan/)
    await expect(started({ to: '../out.csv' })).rejects.toThrow(/outside/)
    expect(rate.params.safeParse({ of: 'photos', to: 'x.txt' }).success).toBe(false)
  })
})
