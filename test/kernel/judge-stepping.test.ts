import { afterEach, describe, expect, it } from 'vitest'
import { ANSWER_SPACE, type StoredAnswer } from '../../src/kernel/judge/answers/answer-store.ts'
import type { StepEvent } from '../../src/kernel/step.ts'
import { type Bench, runScore, syntheticTable, temporaryStore } from '../fixtures/judge-bench.ts'
import { type ScriptedJudge, scoreFor, startScriptedJudge, wellFormed } from '../fixtures/scripted-judge.ts'

type Stage = Extract<StepEvent, { type: 'stage' }>

let judge: ScriptedJudge
afterEach(() => judge.close())

const STAGES = ['prompt', 'images', 'request', 'answer', 'parsed', 'score']

async function desk(images = 1): Promise<Bench> {
  const store = await temporaryStore()
  return { store, table: await syntheticTable(store, images, ['a']) }
}

const settings = () => ({ judge: { model: 'scripted', baseURL: judge.url } })

/** Steps through a cell; `edits` are made once each, at the first visit of their stage. */
async function step(bench: Bench, edits: Record<string, Record<string, unknown>> = {}) {
  const stages: Stage[] = []
  const open = { ...edits }
  const ran = await runScore(settings(), {
    ...bench,
    onStage(stage) {
      stages.push(stage)
      const edit = open[stage.stage]
      delete open[stage.stage]
      return edit
    },
  })
  return { ...ran, stages, at: (name: string) => stages.findLast(({ stage }) => stage === name)!.values }
}

async function storedAnswers({ store }: Bench): Promise<StoredAnswer[]> {
  const found: StoredAnswer[] = []
  for await (const key of store.listRecords(ANSWER_SPACE))
    found.push((await store.getRecord<StoredAnswer>(ANSWER_SPACE, key))!)
  return found
}

describe('stepping through score', () => {
  it('stops at every stage of every row, in order, and ends with the same result as a run', async () => {
    judge = await startScriptedJudge()
    const bench = await desk(2)
    const stepped = await step(bench)
    expect(stepped.stages.map(({ stage, row }) => `${row?.id} ${stage}`)).toEqual(
      ['image-0', 'image-1'].flatMap(id => STAGES.map(stage => `${id} ${stage}`)),
    )
    expect(stepped.at('prompt').text).toContain('Find hallucinations')
    expect(stepped.at('images')).toMatchObject({
      images: [{ label: 'The reference (ground truth)', hash: expect.any(String) }, {}, {}],
    })
    expect(JSON.stringify(stepped.at('request').body)).toContain('mirage:')
    expect(stepped.at('answer')).toMatchObject({
      stored: false,
      calls: 1,
      text: expect.stringContaining('"score"'),
    })
    expect(stepped.at('parsed')).toMatchObject({
      how: 'strict',
      answer: { score: scoreFor(judge.calls[1].key) },
    })
    expect(stepped.at('score').score).toBe(scoreFor(judge.calls[1].key))
    const run = await runScore(settings(), bench)
    expect(run.table).toEqual(stepped.table)
    expect(judge.calls).toHaveLength(2)
    expect((await step(bench)).at('answer')).toMatchObject({ stored: true, calls: 0 })
  })

  it('asks the edited prompt, and keeps its answer under the edited question only', async () => {
    judge = await startScriptedJudge()
    const bench = await desk()
    const edited = await step(bench, { prompt: { text: 'Is the sky invented?' } })
    expect(JSON.stringify(judge.calls[0].body)).toContain('Is the sky invented?')
    expect(edited.result.cacheable).toBe(false)
    expect(edited.notes.join()).toContain('1 score was edited while stepping')
    const plain = await runScore(settings(), bench)
    expect(judge.calls).toHaveLength(2)
    expect(judge.calls[1].key).not.toBe(judge.calls[0].key)
    expect(plain.result.cacheable).toBe(true)
  })

  it('sends the images that are left after an edit, with their new labels', async () => {
    judge = await startScriptedJudge()
    const bench = await desk()
    const { images } = (await step(bench)).at('images') as { images: { hash: string; label: string }[] }
    await step(bench, { images: { images: [{ hash: images[2].hash, label: 'Only this' }] } })
    const text = JSON.stringify(judge.calls[1].body)
    expect(text).toContain('1. Only this')
    expect(text.match(/data:image/g)).toHaveLength(1)
  })

  it('goes on from an edited answer, which is never stored as the judge’s', async () => {
    judge = await startScriptedJudge({ script: () => ({ do: 'answer', text: wellFormed(2) }) })
    const bench = await desk()
    const edited = await step(bench, { answer: { text: wellFormed(4) } })
    expect(edited.table.rows[0].values.hs).toBe(4)
    expect(edited.result.cacheable).toBe(false)
    const [stored] = await storedAnswers(bench)
    expect(stored.body).not.toContain(JSON.stringify(wellFormed(4)).slice(1, -1))
    expect((await runScore(settings(), bench)).table.rows[0].values.hs).toBe(2)
    expect(judge.calls).toHaveLength(1)
  })

  it('gives what is left of an edited score of a comparison to its rival, also where there was no answer', async () => {
    const answers = ['{"a":["x"],"b":["y"],"more":"A"}', 'Nice.']
    for (const text of answers) {
      judge = await startScriptedJudge({ script: () => ({ do: 'answer', text }) })
      const store = await temporaryStore()
      const { table } = await runScore(
        { ...settings(), prompt: 'hs-pairwise', column: 'wins' },
        {
          store,
          table: await syntheticTable(store, 1, ['a', 'b']),
          onStage: ({ stage }) => (stage === 'score' ? { score: 1 } : undefined),
        },
      )
      // Image A is the second method here.
      expect(table.rows.map(({ values }) => values.wins)).toEqual([0, 1])
      if (text !== answers.at(-1)) await judge.close()
    }
  })

  it('takes an edited parsed answer and an edited score', async () => {
    judge = await startScriptedJudge()
    const bench = await desk()
    const parsed = await step(bench, { parsed: { answer: { elements: [{ what: 'mine' }], score: 1 } } })
    expect(parsed.table.rows[0]).toMatchObject({ values: { hs: 1 }, findings: [{ what: 'mine' }] })
    const scored = await step(bench, { score: { score: 5 } })
    expect(scored.table.rows[0].values.hs).toBe(5)
  })

  it('says what is wrong with an edit and waits again', async () => {
    judge = await startScriptedJudge()
    const { stages, table } = await step(await desk(), { score: { score: 9 } })
    expect(stages.filter(({ stage }) => stage === 'score')).toHaveLength(2)
    expect(stages.at(-1)?.values.problem).toBe('the edit cannot be used: its score is 9, outside 1 to 5')
    expect(table.rows[0].values.hs).toBe(scoreFor(judge.calls[0].key))
  })

  it('restarts a stage, or goes back to an earlier one, without the edits that were made since', async () => {
    judge = await startScriptedJudge()
    const bench = await desk()
    const again = await step(bench, {
      answer: { text: wellFormed(1) },
      score: { restart: true, stage: 'answer' },
    })
    expect(again.stages.map(({ stage }) => stage)).toEqual([...STAGES, 'answer', 'parsed', 'score'])
    expect(again.table.rows[0].values.hs).toBe(scoreFor(judge.calls[0].key))
    expect(judge.calls).toHaveLength(1)
    const once = await step(bench, { request: { restart: true } })
    expect(once.stages.map(({ stage }) => stage)).toEqual([
      'prompt',
      'images',
      'request',
      'request',
      'answer',
      'parsed',
      'score',
    ])
  })

  it('shows prompt, images and request without a judge, and takes an answer by hand', async () => {
    judge = await startScriptedJudge()
    const bench = await desk()
    const stages: Stage[] = []
    const { table } = await runScore(
      { judge: { model: 'gpt-4o' } },
      {
        ...bench,
        onStage(stage) {
          stages.push(stage)
          return stage.stage === 'answer' ? { text: wellFormed(3) } : undefined
        },
      },
    )
    expect(stages.map(({ stage }) => stage)).toEqual(STAGES)
    expect(stages[3].values.problem).toContain('OPENAI_API_KEY is not set')
    expect(table.rows[0].values.hs).toBe(3)
  })

  it('shows why there is no score when the judge fails', async () => {
    judge = await startScriptedJudge({ script: () => ({ do: 'answer', text: 'no idea' }) })
    const bench = await desk()
    const { at, table } = await step(bench)
    expect(at('parsed').problem).toBe('the answer cannot be used: it is no JSON: no idea')
    expect(at('score')).toMatchObject({ score: null, problem: expect.stringContaining('no idea') })
    expect(table.rows[0].missing?.hs).toContain('no idea')
  })
})
