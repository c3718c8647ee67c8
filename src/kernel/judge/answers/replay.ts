import { createReadStream } from 'node:fs'
import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import * as z from 'zod'
import type { PreparedImage } from '../../compute/jobs/judge-images.ts'
import { MirageError } from '../../errors.ts'
import { hashOf } from '../../store/canonical.ts'
import type { Store } from '../../store/store.ts'
import { IMAGE_SPACE } from '../images.ts'
import type { Uses } from '../judgement.ts'
import { questionKey } from '../questions/question.ts'
import { ANSWER_SPACE, type AnswerSource, recordName, type StoredAnswer } from './answer-store.ts'

/** A replay bundle in memory: the only source of answers while it is replayed. */
export interface ReplayBundle extends AnswerSource {
  /** A prepared image by the key of its request, as it was when the answers were given. */
  image(key: string): PreparedImage | undefined
  /** Why a question had no answer when the bundle was packed. */
  unanswered(key: string): string | undefined
}

const FORMAT = 1

/** First line of a bundle; the others are records. */
const headerLine = z.object({ 'mirage-replay': z.int() })
const recordLine = z.object({
  space: z.enum([ANSWER_SPACE, IMAGE_SPACE, 'unanswered']),
  key: z.string(),
  value: z.record(z.string(), z.unknown()),
})
type RecordLine = z.output<typeof recordLine>

/** Space of the records that say what a result was scored with (`Uses`). */
export const USES_SPACE = 'judge-uses'

/** Keeps what a result was scored with; the returned name goes into the lock. */
export async function keepUses(store: Store, uses: Uses): Promise<string> {
  const name = hashOf(uses)
  await store.putRecord(USES_SPACE, name, uses)
  return name
}

/**
 * Writes a bundle of JSON lines that holds every answer behind some results, and what is needed to find them.
 *
 * @param uses names from the lock (`uses` of each judge)
 * @param path the file; its folder is made
 * @returns number of answers
 * @throws MirageError `replay-incomplete` when the store no longer has something.
 */
export async function packReplay(store: Store, uses: readonly string[], path: string): Promise<number> {
  const lines = new Map<string, string>()
  let answers = 0
  const add = async (space: RecordLine['space'], key: string) => {
    const value = await store.getRecord(space, key)
    if (value === undefined) throw incomplete()
    lines.set(`${space} ${key}`, JSON.stringify({ space, key, value }))
  }
  for (const name of uses) {
    const used = await store.getRecord<Uses>(USES_SPACE, name)
    if (!used) throw incomplete()
    for (const key of used.answers) await add(ANSWER_SPACE, key)
    for (const key of used.images) await add(IMAGE_SPACE, key)
    for (const [key, reason] of Object.entries(used.unanswered)) {
      lines.set(`unanswered ${key}`, JSON.stringify({ space: 'unanswered', key, value: { reason } }))
    }
    answers += used.answers.length
  }
  // Sorted, so that the same answers give the same file.
  const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line)
  const text = [JSON.stringify({ 'mirage-replay': FORMAT }), ...sorted, ''].join('\n')
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, text, { flush: true })
  await rename(temporary, path)
  return answers
}

function incomplete(): MirageError {
  return new MirageError({
    code: 'replay-incomplete',
    message: 'The cache folder no longer holds everything that the results were scored with.',
    remedy: 'Run the `score` cells again, then pack.',
  })
}

/**
 * Reads a bundle: a file of JSON lines, or a folder with such files. Every answer is checked against its key, so that a
 * damaged bundle fails here and not with a wrong score.
 *
 * @throws MirageError `replay-unreadable`
 */
export async function readReplay(path: string): Promise<ReplayBundle> {
  const answers = new Map<string, StoredAnswer>()
  const images = new Map<string, PreparedImage>()
  const reasons = new Map<string, string>()
  for (const file of await filesOf(path)) {
    for await (const { space, key, value } of recordsOf(file)) {
      if (space === ANSWER_SPACE) answers.set(key, checked(key, value as unknown as StoredAnswer, file))
      else if (space === IMAGE_SPACE) images.set(key, value as unknown as PreparedImage)
      else reasons.set(key, String(value.reason))
    }
  }
  return {
    find: async (key, attempt) => answers.get(recordName(key, attempt)),
    image: key => images.get(key),
    unanswered: key => reasons.get(key),
  }
}

/**
 * Copies the answers of a bundle into a store, where later runs find them without a call.
 *
 * @returns number of answers
 */
export async function unpackReplay(store: Store, path: string): Promise<number> {
  let answers = 0
  for (const file of await filesOf(path)) {
    for await (const { space, key, value } of recordsOf(file)) {
      if (space === 'unanswered') continue
      if (space === ANSWER_SPACE) {
        checked(key, value as unknown as StoredAnswer, file)
        answers++
      }
      await store.putRecord(space, key, value)
    }
  }
  return answers
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const names = (await readdir(path)).filter(name => name.endsWith('.jsonl')).sort()
    if (names.length > 0) return names.map(name => join(path, name))
  } catch (error) {
    throw unreadable(path, `cannot be opened (${(error as NodeJS.ErrnoException).code})`)
  }
  throw unreadable(path, 'is a folder without a *.jsonl file')
}

async function* recordsOf(file: string): AsyncGenerator<RecordLine> {
  let number = 0
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number++
    if (!line.trim()) continue
    const parsed = (number === 1 ? headerLine : recordLine).safeParse(parseLine(line))
    if (!parsed.success) throw unreadable(file, `line ${number} is not one of a replay bundle`)
    if ('space' in parsed.data) yield parsed.data
    else if (parsed.data['mirage-replay'] > FORMAT) throw unreadable(file, 'was written by a newer Mirage')
  }
  if (number === 0) throw unreadable(file, 'is empty')
}

function checked(key: string, answer: StoredAnswer, file: string): StoredAnswer {
  const matches = answer.question && recordName(questionKey(answer.question), answer.attempt) === key
  if (!matches) throw unreadable(file, `the answer ${key.slice(0, 12)} does not belong to its question`)
  return answer
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function unreadable(path: string, why: string): MirageError {
  return new MirageError({
    code: 'replay-unreadable',
    message: `The replay bundle ${path}: ${why}.`,
    remedy: 'Name a bundle that `mirage replay pack` wrote.',
  })
}
