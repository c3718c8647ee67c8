import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Store } from '../../store/store.ts'
import type { Question } from '../questions/question.ts'
import { imageUrlsOf, type Structure, textWithImages, withStructure } from '../questions/request.ts'

/** A question for the nth time because earlier answers could not be used. */
export interface BatchItem {
  question: Question
  attempt: number
}

/** Limits of the provider: 50,000 requests and 200 MB per file. */
const LIMITS = { items: 50_000, bytes: 150e6 }

export interface BatchFileOptions {
  store: Store
  imageUrl(hash: string): Promise<string>
  structure: Structure
  /** Of one file; the provider's by default. */
  limits?: { items: number; bytes: number }
}

/** Providers limit its length; half of a sha256 is enough to be unique. */
export const customId = ({ question, attempt }: BatchItem): string =>
  `${question.key.slice(0, 40)}-${attempt}`

/** A file of requests, and the questions in it. */
export interface BatchFile {
  items: BatchItem[]
  file: string
}

/** Writes the requests to files of at most the provider's size. Each is removed when the next one is asked for. */
export async function* batchFiles(
  items: readonly BatchItem[],
  options: BatchFileOptions,
): AsyncGenerator<BatchFile> {
  const { limits = LIMITS } = options
  let from = 0
  while (from < items.length) {
    const file = options.store.temporaryPath()
    const stream = createWriteStream(file)
    const written: BatchItem[] = []
    let bytes = 0
    while (from < items.length && written.length < limits.items && bytes < limits.bytes) {
      const line = `${await lineOf(items[from], options)}\n`
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

export const BATCH_PATH = { chat: '/v1/chat/completions', responses: '/v1/responses' } as const

async function lineOf(item: BatchItem, { imageUrl, structure }: BatchFileOptions): Promise<string> {
  const { api, body, form } = item.question
  return textWithImages(
    {
      custom_id: customId(item),
      method: 'POST',
      url: BATCH_PATH[api],
      body: withStructure(api, body, form, structure),
    },
    await imageUrlsOf(body, imageUrl),
  )
}
