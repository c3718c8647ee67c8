import { afterEach, describe, expect, it } from 'vitest'
import { ANSWER_SPACE } from '../../src/kernel/judge/answers/answer-store.ts'
import { BATCH_SPACE } from '../../src/kernel/judge/calls/batch.ts'
import { type Bench, runScore, syntheticTable, temporaryStore } from '../fixtures/judge-bench.ts'
import { answerByHash, pick, type ScriptedJudge, startScriptedJudge } from '../fixtures/scripted-judge.ts'

let judge: ScriptedJudge
afterEach(() => judge.close())

const settings = (more: Record<string, unknown> = {}) => ({
  judge: {
    model: 'scripted',
    baseURL: judge.url,
    batch: { poll: 0.05 },
    price: { input: 10, output: 0 },
    ...more,
  },
})

async function desk(images: number, more: Partial<Bench> = {}): Promise<Bench> {
  const store = await temporaryStore()
  return { store, table: await syntheticTable(store, images, ['a']), ...more }
}

async function records({ store }: Bench, space: string): Promise<string[]> {
  const found: string[] = []
  for await (const key of store.listRecords(space)) found.push(key)
  return found
}

async function runUntilSubmitted(bench: Bench): Promise<void> {
  const stop = new AbortController()
  const onEvent: Bench['onEvent'] = event => {
    if (event.type === 'note' && event.text.includes('was submitted')) stop.abort(new Error('interrupted'))
  }
  const running = runScore(settings({ batch: { poll: 60 } }), { ...bench, signal: stop.signal, onEvent })
  await expect(running).rejects.toThrow('interrupted')
  expect(judge.batches.submitted).toBe(1)
}

describe("the provider's Batch API", () => {
  it('answers all questions in one batch at half the price, and a second run asks nothing', async () => {
    judge = await startScriptedJudge()
    const bench = await desk(5)
    const { table, notes, result } = await runScore(settings(), bench)
    expect(table.rows.every(({ values }) => values.hs_n === 1)).toBe(true)
    expect(judge.batches.submitted).toBe(1)
    expect(notes.join()).toContain('with 5 questions was submitted')
    // 5 answers of 1000 tokens at $10 a million, halved.
    expect(result.lock).toMatchObject({ judges: [{ cost: 0.025 }] })
    const again = await runScore(settings(), bench)
    expect(again.table).toEqual(table)
    expect(judge.batches.submitted).toBe(1)
  })

  it('puts answers that cannot be used into a further batch, and marks what stays unusable', async () => {
    judge = await startScriptedJudge({
      script: call => {
        const attempt = Number(call.key.match(/-(\d+)$/)?.[1])
        // By what is asked: in the key is the server's port, which differs from run to run.
        const kind = pick(JSON.stringify(call.body.messages), 4)
        const bad = kind === 0 || (kind === 1 && attempt === 0)
        return bad ? { do: 'answer', text: 'Nice.' } : answerByHash(call)
      },
    })
    const bench = await desk(24)
    const { table } = await runScore(settings(), bench)
    expect(judge.batches.submitted).toBe(3)
    const failed = table.rows.filter(({ values }) => values.hs === null)
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(20)
    for (const { missing } of failed) expect(missing?.hs).toContain('3 answers, none usable')
  })

  it('is taken up again after an interruption, without asking twice', async () => {
    judge = await startScriptedJudge()
    const bench = await desk(4)
    await runUntilSubmitted(bench)
    expect(await records(bench, ANSWER_SPACE)).toHaveLength(0)
    const { table } = await runScore(settings(), bench)
    expect(table.rows.every(({ values }) => values.hs_n === 1)).toBe(true)
    expect(judge.batches.submitted).toBe(1)
    expect(judge.paid.size).toBe(4)
  })

  it('is found at the provider when the process died while it was being submitted', async () => {
    judge = await startScriptedJudge()
    const bench = await desk(3)
    await runUntilSubmitted(bench)
    // As if the process had died after the provider made the batch and before its id was written.
    const [name] = await records(bench, BATCH_SPACE)
    const { id: _, ...withoutId } = (await bench.store.getRecord<{ id: string }>(BATCH_SPACE, name))!
    await bench.store.putRecord(BATCH_SPACE, name, withoutId)
    const { table } = await runScore(settings(), bench)
    expect(table.rows.every(({ values }) => values.hs_n === 1)).toBe(true)
    expect(judge.batches.submitted).toBe(1)
  })

  it('says what the provider said when a batch fails, and asks again on the next run', async () => {
    let broken = true
    judge = await startScriptedJudge({ script: call => (broken ? { do: 'reset' } : answerByHash(call)) })
    const bench = await desk(2)
    await expect(runScore(settings(), bench)).rejects.toMatchObject({
      info: { code: 'judge-server', message: expect.stringContaining('scripted failure') },
    })
    broken = false
    const { table } = await runScore(settings(), bench)
    expect(table.rows.every(({ values }) => values.hs_n === 1)).toBe(true)
  })
})
