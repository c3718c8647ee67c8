import { createReadStream } from 'node:fs'
import type { OpenAI } from 'openai'
import { hashOf } from '../../store/canonical.ts'
import type { AnswerStore, StoredAnswer } from '../answers/answer-store.ts'
import { readReply } from '../answers/replies.ts'
import { costOf, type Price } from '../costs/prices.ts'
import type { Question } from '../questions/question.ts'
import {
  BATCH_PATH,
  type BatchFile,
  type BatchFileOptions,
  type BatchItem,
  batchFiles,
  customId,
} from './batch-file.ts'
import { type Fault, networkFault, statusFault } from './faults.ts'
import type { Provider } from './provider.ts'

/** A batch at the provider, as it is remembered: enough to fetch and store its answers after a restart. */
interface BatchRecord {
  /** Our name for it; also sent along, so that a batch is found whose creation was interrupted. */
  name: string
  endpoint: string
  /** The provider's id; absent while it is being submitted. */
  id?: string
  items: { custom: string; question: Omit<Question, 'form' | 'subject'>; attempt: number }[]
  finished?: true
}

export const BATCH_SPACE = 'batch'

/** The provider's code for a batch whose tokens do not fit into its queue until others have ended. */
const QUEUE_FULL = 'token_limit_exceeded'

export interface BatchOptions extends BatchFileOptions {
  provider: Provider
  host: string
  endpoint: string
  answers: AnswerStore
  /** Of a batch: half the list price. */
  price?: Price
  factor: number
  /** Seconds between looks at a batch. */
  poll: number
  signal: AbortSignal
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

export type BatchEvent =
  | { kind: 'submitted'; id: string; questions: number }
  | { kind: 'waiting'; id: string; status: string; done: number; total: number }
  | { kind: 'answered'; key: string; answer: StoredAnswer }
  | { kind: 'failed'; key: string; fault: Fault }

/**
 * Asks by the provider's Batch API: submits everything, looks now and then, and stores every answer before it is told
 * of. Batches that an earlier process submitted are taken up first, so that nothing is asked twice. What does not fit
 * into the provider's queue is submitted again when the rest has ended. Cancelling stops the looking; the batches go on
 * at the provider and are taken up by the next run.
 *
 * @throws the reason of the signal; faults of the provider end as `failed` events.
 */
export async function* askInBatches(
  items: readonly BatchItem[],
  options: BatchOptions,
): AsyncGenerator<BatchEvent> {
  const wanted = new Map(items.map(item => [customId(item), item]))
  let running: BatchRecord[] = []
  for (const record of await openRecords(options)) {
    const adopted = await adopt(record, options)
    if (adopted) running.push(adopted)
  }
  const taken = new Set(running.flatMap(record => record.items.map(({ custom }) => custom)))
  let open = items.filter(item => !taken.has(customId(item)))
  while (open.length > 0 || running.length > 0) {
    running.push(...(yield* submitAll(open, options)))
    const refused: Ended[] = []
    for (const record of running) {
      const ended = yield* ending(record, options)
      if (!ended) continue
      if (queueWasFull(ended.batch)) refused.push(ended)
      else yield* collect(ended, options)
    }
    // Only what has ended makes room.
    if (refused.length === running.length) {
      for (const ended of refused) yield* collect(ended, options)
      return
    }
    for (const { record } of refused) await close(record, options)
    open = refused.flatMap(({ record }) => record.items.flatMap(({ custom }) => wanted.get(custom) ?? []))
    running = []
  }
}

async function* submitAll(
  items: readonly BatchItem[],
  options: BatchOptions,
): AsyncGenerator<BatchEvent, BatchRecord[]> {
  const all: BatchRecord[] = []
  for await (const batch of batchFiles(items, options)) {
    const submitted = await submit(batch, options)
    if ('fault' in submitted) {
      for (const { question } of batch.items)
        yield { kind: 'failed', key: question.key, fault: submitted.fault }
      continue
    }
    all.push(submitted)
    yield { kind: 'submitted', id: submitted.id!, questions: submitted.items.length }
  }
  return all
}

async function openRecords({ store, endpoint }: BatchOptions): Promise<BatchRecord[]> {
  const found: BatchRecord[] = []
  for await (const key of store.listRecords(BATCH_SPACE)) {
    const record = await store.getRecord<BatchRecord>(BATCH_SPACE, key)
    if (record && record.endpoint === endpoint && !record.finished) found.push(record)
  }
  return found
}

/** A batch whose creation was interrupted is looked for at the provider; it may or may not exist. */
async function adopt(
  record: BatchRecord,
  { provider, store, signal }: BatchOptions,
): Promise<BatchRecord | undefined> {
  if (record.id !== undefined) return record
  for await (const batch of provider.openai.batches.list({ limit: 100 }, { signal })) {
    if (batch.metadata?.mirage !== record.name) continue
    const adopted = { ...record, id: batch.id }
    await store.putRecord(BATCH_SPACE, record.name, adopted)
    return adopted
  }
  await close(record, { store })
  return undefined
}

/** There is nothing more to be had from it. */
const close = (record: BatchRecord, { store }: Pick<BatchOptions, 'store'>): Promise<void> =>
  store.putRecord(BATCH_SPACE, record.name, { ...record, finished: true })

async function submit(
  { items, file }: BatchFile,
  options: BatchOptions,
): Promise<BatchRecord | { fault: Fault }> {
  const { provider, store, endpoint, host, signal } = options
  const record: BatchRecord = {
    name: hashOf({ endpoint, items: items.map(customId), when: Date.now() }),
    endpoint,
    items: items.map(item => {
      const { form: _, subject: __, ...question } = item.question
      return { custom: customId(item), question, attempt: item.attempt }
    }),
  }
  try {
    const uploaded = await provider.openai.files.create(
      { file: createReadStream(file), purpose: 'batch' },
      { signal },
    )
    // Said before it is done: should this process die now, the batch is found by its name.
    await store.putRecord(BATCH_SPACE, record.name, record)
    const batch = await provider.openai.batches.create(
      {
        input_file_id: uploaded.id,
        endpoint: BATCH_PATH[items[0].question.api],
        completion_window: '24h',
        metadata: { mirage: record.name },
      },
      { signal },
    )
    const submitted = { ...record, id: batch.id }
    await store.putRecord(BATCH_SPACE, record.name, submitted)
    return submitted
  } catch (error) {
    signal.throwIfAborted()
    return { fault: faultOf(error, host, provider) }
  }
}

const ENDED = ['completed', 'failed', 'expired', 'cancelled']

/** A batch that is over, and what the provider says of it. */
interface Ended {
  record: BatchRecord
  batch: OpenAI.Batch
}

const queueWasFull = ({ errors }: OpenAI.Batch): boolean =>
  errors?.data?.some(({ code }) => code === QUEUE_FULL) ?? false

/** Waits for the end of a batch; undefined when the provider cannot be reached, which the questions are told. */
async function* ending(
  record: BatchRecord,
  { provider, host, poll, signal, sleep }: BatchOptions,
): AsyncGenerator<BatchEvent, Ended | undefined> {
  const id = record.id!
  const total = record.items.length
  for (let failures = 0; ; ) {
    try {
      const batch = await provider.openai.batches.retrieve(id, { signal })
      failures = 0
      if (ENDED.includes(batch.status)) return { record, batch }
      yield { kind: 'waiting', id, status: batch.status, done: batch.request_counts?.completed ?? 0, total }
    } catch (error) {
      signal.throwIfAborted()
      if (++failures >= 5) {
        const fault = faultOf(error, host, provider)
        for (const { question } of record.items) yield { kind: 'failed', key: question.key, fault }
        return undefined
      }
    }
    await sleep(poll * 1000, signal)
  }
}

/** Fetches and stores the answers of a batch. */
async function* collect({ record, batch }: Ended, options: BatchOptions): AsyncGenerator<BatchEvent> {
  const { provider, host, signal } = options
  const items = new Map(record.items.map(item => [item.custom, item]))
  const answered = new Set<string>()
  const said = new Map<string, string>()
  for (const file of [batch.output_file_id, batch.error_file_id]) {
    if (!file) continue
    const text = await (await provider.openai.files.content(file, { signal })).text()
    for (const line of text.split('\n')) {
      if (!line.trim()) continue
      const { custom_id: custom, response, error } = JSON.parse(line) as BatchLine
      const item = items.get(custom)
      if (!item) continue
      if (response?.status_code === 200) {
        yield {
          kind: 'answered',
          key: item.question.key,
          answer: await keep(item, JSON.stringify(response.body), options),
        }
        answered.add(custom)
      } else
        said.set(custom, provider.redact(error?.message ?? JSON.stringify(response?.body ?? batch.status)))
    }
  }
  await close(record, options)
  const [failure] = batch.errors?.data ?? []
  const reason = failure?.message ? provider.redact(failure.message) : `the batch ended as "${batch.status}"`
  for (const { custom, question } of record.items) {
    if (answered.has(custom)) continue
    const why = said.get(custom) ?? reason
    const remedy = 'Run the cell again: only what is missing is asked.'
    yield {
      kind: 'failed',
      key: question.key,
      fault: { kind: 'server', message: `${host}, batch ${record.id}: ${why}`, remedy },
    }
  }
}

interface BatchLine {
  custom_id: string
  response?: { status_code: number; body: unknown } | null
  error?: { message?: string } | null
}

function keep(
  item: BatchRecord['items'][number],
  body: string,
  options: BatchOptions,
): Promise<StoredAnswer> {
  const { answers, provider, price, factor } = options
  const clean = provider.redact(body)
  const usage = readReply(item.question.api, clean)?.usage
  const cost = usage && price && costOf(usage, price, factor)
  const received = new Date().toISOString()
  return answers.keep(item.question, {
    attempt: item.attempt,
    body: clean,
    received,
    milliseconds: 0,
    usage,
    cost,
    batch: true,
  })
}

function faultOf(error: unknown, host: string, provider: Provider): Fault {
  const answered = provider.answeredError(error)
  return answered ? statusFault(host, answered.status, answered.says) : networkFault(host, error)
}
