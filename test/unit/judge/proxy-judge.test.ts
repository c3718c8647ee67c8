import { describe, expect, it } from 'vitest'
import { calibrate } from '../../../src/kernel/steps/calibrate.ts'
import { score } from '../../../src/kernel/steps/score.ts'
import type { ProxyValue, StudyTable } from '../../../src/kernel/value.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

const column = (name: string) => ({
  name,
  direction: 'none' as const,
  settings: {},
  version: '1',
  source: 'test',
})
const rows = Array.from({ length: 30 }, (_, i) => ({
  id: `image ${i >> 1}`,
  method: i % 2 ? 'gan' : 'diffusion',
  images: {},
  values: { added: (i * 7) % 30, human: 5 - ((i * 7) % 30) / 10 },
}))
const judged: StudyTable = {
  kind: 'table',
  columns: [{ ...column('human'), range: [1, 5] }, column('added')],
  rows,
}

async function proxy() {
  const params = { of: 'judged', x: 'added', y: 'human', bootstrap: 100, ridge: 0, as: 'cheap' }
  return (await runStep(calibrate, params, stepContext('/tmp', { judged }))).value as ProxyValue
}
const fresh: StudyTable = {
  kind: 'table',
  columns: [column('added')],
  rows: [
    { id: 'new', method: 'gan', images: {}, values: { added: 10 } },
    { id: 'new', method: 'diffusion', images: {}, values: { added: null } },
  ],
}

describe('a proxy as a judge', () => {
  it('fills the score columns, and says that it is an estimate and how good', async () => {
    const context = stepContext('/tmp', { fresh, cheap: await proxy() })
    const run = await runStep(score, { of: 'fresh', judge: { proxy: 'cheap' } }, context)
    const table = run.value as StudyTable
    expect(table.rows[0].values.hs).toBeCloseTo(4, 6)
    expect(table.rows[0].values.hs_n).toBe(1)
    expect(table.rows[1].values.hs).toBeNull()
    expect(table.rows[1].missing?.hs).toBe('the estimate needs added, which this row does not have')
    const { settings } = table.columns.find(({ name }) => name === 'hs')!
    expect(JSON.stringify(settings)).toContain('"estimate":true')
    expect(JSON.stringify(run.outputs)).toMatch(/ESTIMATE.*cross-validated SRCC with real judgements: pooled/)
  })

  it('names the columns that the table lacks', async () => {
    const context = stepContext('/tmp', { fresh: { ...fresh, columns: [] }, cheap: await proxy() })
    await expect(runStep(score, { of: 'fresh', judge: { proxy: 'cheap' } }, context)).rejects.toMatchObject({
      info: { code: 'column-unknown', message: expect.stringContaining('needs the columns added') },
    })
  })
})
