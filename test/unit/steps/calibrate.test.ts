import { describe, expect, it } from 'vitest'
import type { ChartPayload, TablePayload } from '../../../src/kernel/protocol/mime.ts'
import { createRng } from '../../../src/kernel/stats/resampling/rng.ts'
import { calibrate } from '../../../src/kernel/steps/calibrate.ts'
import type { ProxyValue, StudyTable } from '../../../src/kernel/value.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

const rng = createRng(2)
const rows = Array.from({ length: 20 }, (_, i) =>
  ['bicubic', 'gan', 'diffusion'].map((method, m) => {
    const added = m === 0 ? 0 : 0.5 + rng.uniform()
    const hs = m === 0 ? 5 : Math.max(1, Math.min(5, Math.round(5.5 - 2.5 * added + rng.uniform())))
    return {
      id: `image ${i}`,
      method,
      images: {},
      values: { hs, added, other: i === 3 ? null : rng.uniform() },
    }
  }),
).flat()
const column = (name: string) => ({
  name,
  direction: 'none' as const,
  settings: {},
  version: '1',
  source: 'test',
})
const judged: StudyTable = {
  kind: 'table',
  columns: [{ ...column('hs'), range: [1, 5] }, column('added'), column('other')],
  rows,
}
const run = (params: Record<string, unknown>) =>
  runStep(
    calibrate,
    { of: 'judged', y: 'hs', bootstrap: 200, as: 'cheap', ...params },
    stepContext('/tmp', { judged }),
  )

describe('calibrate', () => {
  it('makes a proxy with its cross-validated figures in every view', async () => {
    const { value, outputs } = await run({ x: 'added', groups: { generative: ['gan', 'diffusion'] } })
    const { kind, name, model } = value as ProxyValue
    expect({ kind, name }).toEqual({ kind: 'proxy', name: 'cheap' })
    expect(model).toMatchObject({
      of: 'hs',
      columns: ['added'],
      range: [1, 5],
      validation: { folds: 5, images: 20 },
    })
    const table = (outputs[0].items[0] as { json: TablePayload }).json
    expect(table.rows.map(row => row.view)).toEqual([
      'pooled: all methods',
      'pooled: generative',
      'within-image: all methods',
      'within-image: generative',
    ])
    for (const row of table.rows) expect(row.srcc as number).toBeGreaterThan(0.7)
    expect(table.rows[0].mae as number).toBeLessThan(0.5)
    const chart = (outputs[1].items[0] as { json: ChartPayload }).json
    expect(chart.links).toHaveLength(60)
  })

  it('leaves out rows without all columns, and says so', async () => {
    const { notes, value } = await run({ x: ['added', 'other'] })
    expect(notes).toEqual(['3 rows without all of the columns are left out.'])
    expect((value as ProxyValue).model).toMatchObject({ validation: { rows: 57, images: 19 } })
  })

  it('learns from the methods it is told to', async () => {
    const { value } = await run({ x: 'added', methods: ['gan'], fit: 'isotonic' })
    expect((value as ProxyValue).model).toMatchObject({
      curve: { form: 'isotonic' },
      validation: { rows: 20 },
    })
  })

  it.each([
    [{ x: 'added', folds: 21 }, 'too-few-images'],
    [{ x: 'aded' }, 'column-unknown'],
    [{ x: 'added', methods: ['gann'] }, 'method-unknown'],
    [{ x: 'added', methods: ['bicubic'] }, 'nothing-to-learn'],
  ])('names what is wrong: %j', async (params, code) => {
    await expect(run(params)).rejects.toMatchObject({ info: { code } })
  })
})
