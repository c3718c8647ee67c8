import { afterEach, describe, expect, it } from 'vitest'
import { runScore, syntheticTable, temporaryStore } from '../fixtures/judge-bench.ts'
import {
  type ScriptedJudge,
  type ScriptedOptions,
  scoreFor,
  startScriptedJudge,
} from '../fixtures/scripted-judge.ts'

const open: ScriptedJudge[] = []
afterEach(async () => {
  for (const judge of open.splice(0)) await judge.close()
})

async function scripted(options: ScriptedOptions = {}): Promise<ScriptedJudge> {
  const judge = await startScriptedJudge(options)
  open.push(judge)
  return judge
}

/** A judge that is patient for milliseconds only, so that tests of its patience are short. */
const impatient = (judge: ScriptedJudge, more: Record<string, unknown> = {}) => ({
  model: 'scripted',
  baseURL: judge.url,
  timeout: 0.4,
  retry: { attempts: 4, pause: 0.01, longest: 0.05 },
  ...more,
})

describe('score', () => {
  it('adds mean, spread and number of the answers, and the evidence, to each row', async () => {
    const store = await temporaryStore()
    const judge = await scripted()
    const { table } = await runScore(
      { judge: impatient(judge), repeats: 3 },
      { store, table: await syntheticTable(store, 2, ['a', 'b']) },
    )
    const asked = Map.groupBy(judge.calls, ({ body }) => JSON.stringify(body))
    expect(asked.size).toBe(4)
    const expected = [...asked.values()].map(calls => calls.map(({ key }) => scoreFor(key)))
    for (const [i, { values, findings }] of table.rows.entries()) {
      expect(values.hs_n).toBe(3)
      const means = expected.map(scores => (scores[0] + scores[1] + scores[2]) / 3)
      expect(means).toContain(values.hs)
      expect(
        findings?.every(finding => finding.kind === 'P2'),
        `row ${i}`,
      ).toBe(true)
    }
    expect(table.columns.map(({ name }) => name)).toEqual(['hs', 'hs_sd', 'hs_n'])
  })

  it('asks nothing twice: a second run makes no call and gives the same table', async () => {
    const store = await temporaryStore()
    const judge = await scripted()
    const bench = { store, table: await syntheticTable(store, 2, ['a', 'b']) }
    const first = await runScore({ judge: impatient(judge), repeats: 2 }, bench)
    const second = await runScore({ judge: impatient(judge), repeats: 2 }, bench)
    expect(second.table).toEqual(first.table)
    expect(judge.calls).toHaveLength(8)
  })

  it('leaves the column empty with the reason, and says how to configure a judge, when there is none', async () => {
    const store = await temporaryStore()
    const ran = await runScore(
      { judge: { model: 'gpt-4o' } },
      { store, table: await syntheticTable(store, 1, ['a']) },
    )
    expect(ran.table.rows[0].values.hs).toBeNull()
    expect(ran.table.rows[0].missing?.hs).toContain('OPENAI_API_KEY is not set')
    expect(ran.notes.join()).toContain('baseURL: "http://localhost:11434/v1"')
    expect(ran.result.cacheable).toBe(false)
  })
})
