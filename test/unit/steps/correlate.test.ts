import { describe, expect, it } from 'vitest'
import {
  type ChartPayload,
  type Direction,
  MIME,
  type TablePayload,
} from '../../../src/kernel/protocol/mime.ts'
import { createRng } from '../../../src/kernel/stats/resampling/rng.ts'
import { correlate } from '../../../src/kernel/steps/correlate.ts'
import type { StudyTable } from '../../../src/kernel/value.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

const column = (name: string, direction: Direction = 'higher') => ({
  name,
  direction,
  settings: {},
  version: '1',
  source: 'test',
})

/**
 * Thirty images and three methods. `hs` has the level of its method plus what `good` tells within the image; `level`
 * knows the methods only; `bicubic` is always 5.
 */
function study(): StudyTable {
  const rng = createRng(8)
  const rows = Array.from({ length: 30 }, (_, i) =>
    ['bicubic', 'gan', 'diffusion'].map((method, m) => {
      const good = rng.uniform()
      return {
        id: `image ${i}`,
        method,
        images: {},
        values: {
          hs: m === 0 ? 5 : 1 + Math.round(3 * good + rng.uniform()),
          good,
          level: m === 0 ? 10 + 0.01 * good : rng.uniform(),
          flat: 0.1,
          rare: i < 2 && m === 1 ? good : null,
          name: 'text',
        },
      }
    }),
  ).flat()
  const columns = ['hs', 'good', 'level', 'flat', 'rare', 'name'].map(name => column(name))
  return { kind: 'table', columns, rows }
}

const inputs = { judged: study() }
const run = (params: Record<string, unknown>) =>
  runStep(
    correlate,
    { of: 'judged', bootstrap: 200, permutations: 199, ...params },
    stepContext('/tmp', inputs),
  )
const payload = async <T>(params: Record<string, unknown>, id: string) =>
  ((await run(params)).outputs.find(output => output.id === id)?.items[0] as { json: T } | undefined)?.json

describe('correlate', () => {
  const params = { x: ['good', 'level'], y: 'hs', groups: { generative: ['gan', 'diffusion'] } }

  it("shows Simpson's paradox: a predictor that only knows methods is strong pooled and weak within them", async () => {
    const table = (await payload<TablePayload>(params, 'correlations'))!
    const srcc = (view: string, x: string) =>
      table.rows.find(row => row.view === view && row.x === x)!.srcc as number
    expect(srcc('pooled: all methods', 'level')).toBeGreaterThan(0.6)
    expect(Math.abs(srcc('pooled: generative', 'level'))).toBeLessThan(0.3)
    expect(srcc('pooled: generative', 'good')).toBeGreaterThan(0.85)
    expect(srcc('within-image: generative', 'good')).toBeGreaterThan(0.85)
    expect([...new Set(table.rows.map(row => row.view))]).toEqual([
      'pooled: all methods',
      'pooled: generative',
      'within-image: all methods',
      'within-image: generative',
      'method: bicubic',
      'method: gan',
      'method: diffusion',
    ])
  })

  it('gives each correlation its interval, its p and the p for having tried several', async () => {
    const { rows } = (await payload<TablePayload>({ ...params, view: 'pooled' }, 'correlations'))!
    for (const row of rows) {
      expect(row).toMatchObject({ rows: row.view === 'pooled: generative' ? 60 : 90, images: 30 })
      for (const coefficient of ['srcc', 'plcc', 'krcc']) {
        const [value, low, high, p, adjusted] = ['', '_low', '_high', '_p', '_holm'].map(
          end => row[`${coefficient}${end}`] as number,
        )
        expect(low).toBeLessThan(value)
        expect(value).toBeLessThan(high)
        expect(p).toBeGreaterThanOrEqual(1 / 200)
        expect(adjusted).toBeGreaterThanOrEqual(p)
      }
    }
  })

  it('says which predictor is the stronger', async () => {
    const { rows } = (await payload<TablePayload>(params, 'comparisons'))!
    const row = rows.find(({ view }) => view === 'pooled: generative')!
    expect(row).toMatchObject({ first: 'good', second: 'level', y: 'hs' })
    expect(row.low as number).toBeGreaterThan(0)
    expect(row.p as number).toBeLessThan(0.05)
    expect(row.steiger as number).toBeLessThan(0.001)
  })

  it('says why there is no correlation, and never writes NaN', async () => {
    const { outputs, value } = await run({ x: ['flat', 'rare', 'good'], y: 'hs' })
    const table = (outputs[0].items[0] as { json: TablePayload }).json
    const note = (view: string, x: string) => table.rows.find(row => row.view === view && row.x === x)!.note
    expect(note('pooled: all methods', 'flat')).toBe('flat is the same in all 90 rows')
    expect(note('pooled: all methods', 'rare')).toBe(
      '2 rows with both numbers are too few, a correlation needs 3',
    )
    expect(note('within-image: all methods', 'rare')).toBe('no image has two rows with numbers to compare')
    expect(note('method: bicubic', 'good')).toBe('hs is the same in all 30 rows')
    expect(JSON.stringify(outputs)).not.toMatch(/NaN/)
    for (const row of (value as StudyTable).rows)
      for (const [name, number] of Object.entries(row.values))
        if (number === null) expect(row.missing?.[name]).toBeTruthy()
  })

  it('takes what a given column explains out of both', async () => {
    const plain = await payload<TablePayload>({ x: 'good', y: 'hs', view: 'pooled' }, 'correlations')
    const given = await payload<TablePayload>(
      { x: 'good', y: 'hs', given: 'level', view: 'pooled' },
      'correlations',
    )
    expect(given!.rows[0].plcc).toBeGreaterThan(plain!.rows[0].plcc as number)
  })

  it('links every point to its image, and every cell and estimate to its scatter plot', async () => {
    const { outputs } = await run(params)
    const chart = (id: string) =>
      (
        outputs.find(output => output.id === id)!.items.find(item => item.mime === MIME.chart) as {
          json: ChartPayload
        }
      ).json
    const scatter = chart('scatter')
    const layers = scatter.spec.layer as { data: { values: { _row: number; id: string }[] } }[]
    for (const { _row, id } of layers.at(-1)!.data.values) expect(scatter.links![_row].id).toBe(id)
    expect(scatter.triplets).toHaveLength(30)
    for (const id of ['matrix', 'forest']) {
      const { spec, details } = chart(id)
      const data = (spec.data as { values: { _chart?: string }[] }).values
      const linked = data.flatMap(({ _chart }) => _chart ?? [])
      expect(linked.length).toBeGreaterThan(0)
      for (const key of linked) expect(details).toHaveProperty([key])
    }
    expect(outputs.every(({ items }) => items.at(-1)!.mime === 'text/plain')).toBe(true)
  })

  it('takes every other column of numbers when no x is named', async () => {
    const table = await payload<TablePayload>({ y: 'hs', view: 'pooled' }, 'correlations')
    expect(table!.rows.map(row => row.x)).toEqual(['good', 'level', 'flat', 'rare'])
  })

  it.each([
    [{ x: 'godo', y: 'hs' }, 'column-unknown', /Did you mean "good"/],
    [{ x: 'name', y: 'hs' }, 'column-not-numeric', /"text"/],
    [{ x: 'good', y: 'hs', groups: { gsr: ['gan', 'difusion'] } }, 'method-unknown', /difusion/],
  ])('names what is wrong: %j', async (params, code, message) => {
    await expect(run(params)).rejects.toMatchObject({
      info: { code, message: expect.stringMatching(message) },
    })
  })

  it('stops when it is interrupted', async () => {
    const stop = new AbortController()
    const context = { ...stepContext('/tmp', inputs), signal: stop.signal }
    setTimeout(() => stop.abort(), 100)
    const endless = { of: 'judged', y: 'hs', bootstrap: 100_000, permutations: 1_000_000 }
    await expect(runStep(correlate, endless, context)).rejects.toThrow(/abort/i)
  })
})
