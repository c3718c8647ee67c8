import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { score } from '../../../src/kernel/steps/score.ts'
import { contextOf, syntheticTable, temporaryStore } from '../../fixtures/judge-bench.ts'

async function desk(env: Record<string, string> = {}) {
  const store = await temporaryStore()
  const context = contextOf({ store, table: await syntheticTable(store, 1, ['a']), env })
  return {
    write: (file: string, text: string) => writeFile(join(context.folder, file), text),
    fingerprint: (judge: unknown) =>
      score.fingerprint!(score.params.parse({ of: 'table', prompt: 'hs', judge }), context),
  }
}

const [here, there] = ['http://127.0.0.1:1/v1', 'http://127.0.0.1:2/v1']
const judge = (model: string, baseURL?: string) => ({ model, baseURL })

test('one judge: its prompt, and its address or the hash of its file, under their own names', async () => {
  const { write, fingerprint } = await desk()
  await write('a.jsonl', '')
  const prompts = { hs: expect.stringMatching(/^[0-9a-f]{64}$/) }
  const answers = { 'a.jsonl': expect.stringMatching(/^[0-9a-f]{64}$/) }
  expect(await fingerprint(judge('m', here))).toEqual({ prompts, endpoints: { m: here } })
  expect(await fingerprint([judge('m', here)])).toEqual({ prompts, endpoints: { m: here } })
  expect(await fingerprint({ answers: 'a.jsonl' })).toEqual({ prompts, answers })
})

test('an edit of any of several files of answers is seen', async () => {
  const { write, fingerprint } = await desk()
  await write('a.jsonl', 'one')
  await write('b.jsonl', 'two')
  const both = [{ answers: 'a.jsonl' }, { answers: 'b.jsonl' }]
  const before = await fingerprint(both)
  expect(Object.keys(before.answers)).toEqual(['a.jsonl', 'b.jsonl'])
  await write('a.jsonl', 'three')
  const after = await fingerprint(both)
  expect(after.answers['a.jsonl']).not.toBe(before.answers['a.jsonl'])
  expect(after.answers['b.jsonl']).toBe(before.answers['b.jsonl'])
})

test('a model at several addresses has all of them, whichever the environment names', async () => {
  const judges = [judge('m', here), judge('other', here), judge('m'), judge('m', there), judge('m', here)]
  const at = async (OPENAI_BASE_URL: string) =>
    (await (await desk({ OPENAI_BASE_URL })).fingerprint(judges)).endpoints
  expect(await at(here)).toEqual({ m: here, other: here, 'm #4': there })
  expect(await at(there)).toEqual({ m: here, other: here, 'm #3': there, 'm #4': there })
})
