import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { OpenAI } from 'openai'
import { hashOf } from '../../store/canonical.ts'
import type { Store } from '../../store/store.ts'
import type { AnswerStore, StoredAnswer } from '../answers/answer-store.ts'
import type { Json } from '../answers/fields.ts'
import { readReply } from '../answers/replies.ts'
import { costOf, type Price } from '../costs/prices.ts'
import type { Question } from '../questions/question.ts'
import { fillImages, imagesOf, type Structure, withStructure } from '../questions/request.ts'
import type { JudgeClient } from './client.ts'
import { type Fault, networkFault, statusFault } from './faults.ts'

/** A question for the nth time because earlier answers could not be used. */
export interface BatchItem {
  question: Question
  attempt: number
}

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

/** Limits of the provider: 50,000 requests and 200 MB per file. */
const ITEMS_PER_BATCH = 50_000
const BYTES_PER_BATCH = 150e6

export interface BatchOptions {
  client: JudgeClient
  host: string
  endpoint: string
  store: Store
  answers: AnswerStore
  imageUrl(hash: string): Promise<string>
  structure: Structure
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
 * Asks by the provider's Batch API: submits, looks now and then, and stores every answer before it is told of. Batches
 * that an earlier process submitted are taken up first, so that nothing is asked twice. Cancelling stops the looking;
 * the batch goes on at the provider and is taken up by the next run.
 *
 * @throws the reason of the signal; faults of the provider end as `failed` events.
 */
export async function* askInBatches(
  items: readonly BatchItem[],
  options: BatchOptions,
): AsyncGenerator<BatchEvent> {
  const wanted = new Map(items.map(item => [customId(item), item]))
  for (const record of await openRecords(options)) {
    const adopted = await adopt(record, options)
    if (!adopted) continue
    for (const { custom } of adopted.items) wanted.delete(custom)
    yield* collect(adopted, options)
  }
  for await (const batch of batches([...wanted.values()], options)) {
    const submitted = await submit(batch, options)
    if ('fault' in submitted) {
      for (const { question } of batch.items)
        yield { kind: 'failed', key: question.key, fault: submitted.fault }
      continue
    }
    yield { kind: 'submitted', id: submitted.id!, questions: submitted.items.length }
    yield* collect(submitted, options)
  }
}

/** Providers limit its length; half of a sha256 is enough to be unique. */
const customId = ({ question, attempt }: BatchItem): string => `${question.key.slice(0, 40)}-${attempt}`

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
  { client, store, signal }: BatchOptions,
): Promise<BatchRecord | undefined> {
  if (record.id !== undefined) return record
  for await (const batch of client.openai.batches.list({ limit: 100 }, { signal })) {
    if (batch.metadata?.mirage !== record.name) continue
    const adopted = { ...record, id: batch.id }
    await store.putRecord(BATCH_SPACE, record.name, adopted)
    return adopted
  }
  await store.putRecord(BATCH_SPACE, record.name, { ...record, finished: true })
  return undefined
}

interface WrittenBatch {
  items: BatchItem[]
  file: string
}

/** Writes the requests to files of at most the provider's size, one after the other. */
async function* batches(items: readonly BatchItem[], options: BatchOptions): AsyncGenerator<WrittenBatch> {
  let from = 0
  while (from < items.length) {
    const file = options.store.temporaryPath()
    const stream = createWriteStream(file)
    const written: BatchItem[] = []
    let bytes = 0
    while (from < items.length && written.length < ITEMS_PER_BATCH && bytes < BYTES_PER_BATCH) {
      const line = `${JSON.stringify(await lineOf(items[from], options))}\n`
      bytes += Buffer.byteLength(line)
      if (!stream.write(line)) await once(stream, 'drain')
      written.push(items[from++])
    }
    stream.end()
    await finished(stream)
    try {
      yield { items: written, file }
    } finally {
      await rm(file, { force: true })
    }
  }
}

const PATH = { chat: '/v1/chat/completions', responses: '/v1/responses' } as const

async function lineOf(item: BatchItem, { imageUrl, structure }: BatchOptions): Promise<Json> {
  const { api, body, form } = item.question
  const urls = new Map<string, string>()
  for (const hash of imagesOf(body)) if (!urls.has(hash)) urls.set(hash, await imageUrl(hash))
  const filled = withStructure(
    api,
    fillImages(body, hash => urls.get(hash)!),
    form,
    structure,
  )
  return { custom_id: customId(item), method: 'POST', url: PATH[api], body: filled }
}

async function submit(
  { items, file }: WrittenBatch,
  options: BatchOptions,
): Promise<BatchRecord | { fault: Fault }> {
  const { client, store, endpoint, host, signal } = options
  const record: BatchRecord = {
    name: hashOf({ endpoint, items: items.map(customId), when: Date.now() }),
    endpoint,
    items: items.map(item => {
      const { form: _, subject: __, ...question } = item.question
      return { custom: customId(item), question, attempt: item.attempt }
    }),
  }
  try {
    const uploaded = await client.openai.files.create(
      { file: createReadStream(file), purpose: 'batch' },
      { signal },
    )
    // Said before it is done: should this process die now, the batch is found by its name.
    await store.putRecord(BATCH_SPACE, record.name, record)
    const batch = await client.openai.batches.create(
      {
        input_file_id: uploaded.id,
        endpoint: PATH[items[0].question.api],
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
    return { fault: faultOf(error, host, client) }
  }
}

const ENDED = ['completed', 'failed', 'expired', 'cancelled']

async function* collect(record: BatchRecord, options: BatchOptions): AsyncGenerator<BatchEvent> {
  const { client, store, host, poll, signal, sleep } = options
  const id = record.id!
  const total = record.items.length
  let batch: OpenAI.Batch | undefined
  for (let failures = 0; !batch; ) {
    try {
      const seen = await client.openai.batches.retrieve(id, { signal })
      failures = 0
      if (ENDED.includes(seen.status)) batch = seen
      else
        yield { kind: 'waiting', id, status: seen.status, done: seen.request_counts?.completed ?? 0, total }
    } catch (error) {
      signal.throwIfAborted()
      if (++failures >= 5) {
        const fault = faultOf(error, host, client)
        for (const { question } of record.items) yield { kind: 'failed', key: question.key, fault }
        return
      }
    }
    if (!batch) await sleep(poll * 1000, signal)
  }

  const items = new Map(record.items.map(item => [item.custom, item]))
  const answered = new Set<string>()
  const said = new Map<string, string>()
  for (const file of [batch.output_file_id, batch.error_file_id]) {
    if (!file) continue
    const text = await (await client.openai.files.content(file, { signal })).text()
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
      } else said.set(custom, client.redact(error?.message ?? JSON.stringify(response?.body ?? batch.status)))
    }
  }
  await store.putRecord(BATCH_SPACE, record.name, { ...record, finished: true })
  for (const { custom, question } of record.items) {
    if (answered.has(custom)) continue
    const why = said.get(custom) ?? `the batch ended as "${batch.status}"`
    const remedy = 'Run the cell again: only what is missing is asked.'
    yield {
      kind: 'failed',
      key: question.key,
      fault: { kind: 'server', message: `${host}, batch ${id}: ${why}`, remedy },
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
  const { answers, client, price, factor } = options
  const clean = client.redact(body)
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

function faultOf(error: unknown, host: string, client: JudgeClient): Fault {
  const answered = client.answeredError(error)
  return answered ? statusFault(host, answered.status, answered.says) : networkFault(host, error)
}
