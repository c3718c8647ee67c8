import { existsSync, type ReadStream } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { createAnswerStore } from '../../../src/kernel/judge/answers/answer-store.ts'
import { ANSWER_FORMS } from '../../../src/kernel/judge/answers/forms.ts'
import {
  askInBatches,
  BATCH_SPACE,
  type BatchEvent,
  type BatchOptions,
} from '../../../src/kernel/judge/calls/batch.ts'
import type { BatchItem } from '../../../src/kernel/judge/calls/batch-file.ts'
import type { Provider } from '../../../src/kernel/judge/calls/provider.ts'
import type { Store } from '../../../src/kernel/store/store.ts'
import { temporaryStore } from '../../fixtures/judge-bench.ts'

interface Line {
  custom_id: string
}

/** A provider whose queue holds so many batches; a batch ends after it was looked at `looks` times. */
function simulated({ queue = Number.POSITIVE_INFINITY, looks = 2 } = {}) {
  const files = new Map<string, string>()
  const uploads: string[] = []
  const batches: { id: string; input: string; looks: number; refused: boolean; done: boolean }[] = []
  /** What was done, in order. */
  const log: string[] = []
  const openai = {
    files: {
      async create({ file }: { file: ReadStream }) {
        // One uploaded file at a time lies on the disk.
        expect(uploads.filter(path => existsSync(path))).toEqual([])
        uploads.push(String(file.path))
        const id = `file-${files.size}`
        files.set(id, await text(file))
        return { id }
      },
      content: async (id: string) => ({ text: async () => files.get(id)! }),
    },
    batches: {
      async create({ input_file_id: input }: { input_file_id: string }) {
        const id = `batch-${batches.length}`
        const running = batches.filter(({ done, refused }) => !done && !refused).length
        batches.push({ id, input, looks: 0, refused: running >= queue, done: false })
        log.push(`submit ${id}`)
        return { id }
      },
      async retrieve(id: string) {
        const batch = batches.find(one => one.id === id)!
        if (log.at(-1) !== `look ${id}`) log.push(`look ${id}`)
        const message = 'Enqueued token limit reached for m. Limit: 90,000 enqueued tokens.'
        if (batch.refused)
          return { id, status: 'failed', errors: { data: [{ code: 'token_limit_exceeded', message }] } }
        if (++batch.looks < looks) return { id, status: 'in_progress' }
        batch.done = true
        const answers = files
          .get(batch.input)!
          .trim()
          .split('\n')
          .map(line => (JSON.parse(line) as Line).custom_id)
          .map(custom_id => JSON.stringify({ custom_id, response: { status_code: 200, body: {} } }))
        files.set(`out-${id}`, answers.join('\n'))
        return { id, status: 'completed', output_file_id: `out-${id}` }
      },
    },
  }
  const provider = {
    openai,
    redact: (said: string) => said,
    answeredError: () => undefined,
  } as unknown as Provider
  return { provider, log, uploads }
}

/** A store that images were written to, as it is whenever something is asked. */
async function usedStore(): Promise<Store> {
  const store = await temporaryStore()
  await store.putObject('image')
  return store
}

const itemsOf = (count: number): BatchItem[] =>
  Array.from({ length: count }, (_, n) => ({
    question: {
      key: `key-${n}`,
      endpoint: 'https://judge.example/v1',
      api: 'chat',
      body: { model: 'm', n },
      repeat: 0,
      form: ANSWER_FORMS[0],
      subject: { id: `${n}`, method: null },
    },
    attempt: 0,
  }))

/** Two questions per batch. */
const optionsFor = (provider: Provider, store: Store): BatchOptions => ({
  provider,
  store,
  host: 'judge.example',
  endpoint: 'https://judge.example/v1',
  answers: createAnswerStore(store),
  imageUrl: async hash => hash,
  structure: 'none',
  factor: 0.5,
  poll: 0,
  signal: new AbortController().signal,
  sleep: async () => {},
  limits: { items: 2, bytes: 1e6 },
})

async function eventsOf(asking: AsyncIterable<BatchEvent>): Promise<BatchEvent[]> {
  const events: BatchEvent[] = []
  for await (const event of asking) events.push(event)
  return events
}

const keysOf = (events: BatchEvent[], kind: 'answered' | 'failed') =>
  events.flatMap(event => (event.kind === kind ? event.key : []))

describe('several batches', () => {
  it('are all at the provider before the first one is waited for', async () => {
    const { provider, log, uploads } = simulated()
    const events = await eventsOf(askInBatches(itemsOf(5), optionsFor(provider, await usedStore())))
    expect(log).toEqual([
      'submit batch-0',
      'submit batch-1',
      'submit batch-2',
      'look batch-0',
      'look batch-1',
      'look batch-2',
    ])
    expect(keysOf(events, 'answered')).toEqual(['key-0', 'key-1', 'key-2', 'key-3', 'key-4'])
    expect(uploads.filter(path => existsSync(path))).toEqual([])
  })

  it('are all taken up after an interruption, and what is new is submitted beside them', async () => {
    const { provider, log } = simulated()
    const store = await usedStore()
    for await (const event of askInBatches(itemsOf(4), optionsFor(provider, store)))
      if (event.kind === 'waiting') break
    log.length = 0
    const events = await eventsOf(askInBatches(itemsOf(6), optionsFor(provider, store)))
    expect(log.filter(what => what.startsWith('submit'))).toEqual(['submit batch-2'])
    expect(log[0]).toBe('submit batch-2')
    expect(keysOf(events, 'answered').toSorted()).toEqual(itemsOf(6).map(({ question }) => question.key))
    const records: { finished?: true }[] = []
    for await (const key of store.listRecords(BATCH_SPACE))
      records.push((await store.getRecord(BATCH_SPACE, key))!)
    expect(records.map(({ finished }) => finished)).toEqual([true, true, true])
  })

  it('that do not fit into the queue of the provider wait for the others to end', async () => {
    const { provider, log } = simulated({ queue: 1 })
    const events = await eventsOf(askInBatches(itemsOf(6), optionsFor(provider, await usedStore())))
    expect(keysOf(events, 'answered')).toEqual(itemsOf(6).map(({ question }) => question.key))
    expect(keysOf(events, 'failed')).toEqual([])
    expect(log.filter(what => what.startsWith('submit'))).toHaveLength(3 + 2 + 1)
  })

  it('of which not one fits say what the provider said', async () => {
    const { provider } = simulated({ queue: 0 })
    const events = await eventsOf(askInBatches(itemsOf(3), optionsFor(provider, await usedStore())))
    expect(keysOf(events, 'failed')).toEqual(['key-0', 'key-1', 'key-2'])
    expect(events.at(-1)).toMatchObject({
      fault: { message: expect.stringContaining('Enqueued token limit reached'), remedy: expect.any(String) },
    })
  })
})
