import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import * as z from 'zod'
import { MirageError } from '../errors.ts'
import { fileHash } from '../images/file-hash.ts'
import { AnswerProblem, type Json } from './answers/fields.ts'
import type { AnswerForm } from './answers/forms.ts'
import type { JudgeKind } from './judge-kind.ts'
import type { Judgement } from './judgement.ts'
import { recordedSettings } from './settings.ts'

/** A line of a file of judgements. What else it holds (`score`, `elements` ...) is the answer, in the prompt's form. */
const recordedLine = z.looseObject({
  image: z.string(),
  method: z.string(),
  /** 0, 1, 2 ...: independent passes, which are repeats. */
  pass: z.int().min(0).default(0),
})

export interface Recorded {
  image: string
  method: string
  pass: number
  answer: Json
}

/** Judgements that were made elsewhere and recorded in a file: they are read as answers to the cell's prompt. */
export const recordedJudge: JudgeKind<typeof recordedSettings> = {
  kind: 'answers',
  settings: recordedSettings,
  async fingerprint({ answers }, { folder, store }) {
    return { answers: { [answers]: await fileHash(store, resolve(folder, answers), answers) } }
  },
  async *prepare({ answers: file, methods }, { table, prompt, context }) {
    const path = resolve(context.folder, file)
    const hash = await fileHash(context.store, path, file)
    const recorded = readRecorded(await readFile(path, 'utf8'), file).map(line => ({
      ...line,
      method: methods[line.method] ?? line.method,
    }))
    const byRow = Map.groupBy(recorded, ({ image, method }) => JSON.stringify([image, method]))
    const keys = table.rows.map(row => JSON.stringify([row.id, row.method]))
    return {
      name: file,
      async *run() {
        const rows = keys.map(key => {
          const lines = byRow.get(key) ?? []
          if (lines.length === 0)
            return [
              {
                kind: 'none',
                repeat: 0,
                reason: `${file} has no judgement of this image and method`,
              } as const,
            ]
          return lines.map(line => judgementOf(line, prompt.form)).sort((a, b) => a.repeat - b.repeat)
        })
        for (const text of mismatches(file, recorded, byRow, new Set(keys))) yield { type: 'note', text }
        const pairs = byRow.size
        return {
          name: 'recorded answers',
          rows,
          origin: `${recorded.length} recorded answers about ${pairs} images in ${file}; no judge was asked`,
          complete: true,
          calls: 0,
          settings: { answers: file, sha256: hash, lines: recorded.length, methods },
        }
      },
    }
  },
}

/**
 * @throws MirageError `answers-malformed` with the line.
 */
export function readRecorded(text: string, file: string): Recorded[] {
  return text.split('\n').flatMap((line, index) => {
    if (!line.trim()) return []
    const parsed = recordedLine.safeParse(parseLine(line))
    if (!parsed.success) {
      throw new MirageError({
        code: 'answers-malformed',
        message: `Line ${index + 1} of ${file} is no judgement: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}.`,
        remedy: 'Each line is a JSON object with image, method, pass (0, 1 ...), score and elements.',
      })
    }
    const { image, method, pass, ...answer } = parsed.data
    return [{ image, method, pass, answer }]
  })
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function judgementOf({ pass, answer }: Recorded, form: AnswerForm): Judgement {
  try {
    const { score, findings } = form.read(answer)
    return { kind: 'score', repeat: pass, score, findings }
  } catch (error) {
    if (!(error instanceof AnswerProblem)) throw error
    return { kind: 'none', repeat: pass, reason: `the recorded answer cannot be used: ${error.message}` }
  }
}

function mismatches(
  file: string,
  recorded: Recorded[],
  byRow: Map<string, Recorded[]>,
  rows: Set<string>,
): string[] {
  const unused = [...byRow.keys()].filter(key => !rows.has(key))
  const lacking = [...rows].filter(key => !byRow.has(key))
  const notes = [
    `The scores are ${recorded.length} recorded answers from ${file}, joined by image and method; no judge was asked.`,
  ]
  if (lacking.length > 0)
    notes.push(`${lacking.length} of ${rows.size} rows have no recorded answer: ${some(lacking)}.`)
  if (unused.length > 0) notes.push(`${unused.length} recorded images are not in the table: ${some(unused)}.`)
  return notes
}

function some(keys: string[]): string {
  const names = keys.slice(0, 3).map(key => (JSON.parse(key) as [string, string | null]).join(' '))
  return `${names.join(', ')}${keys.length > 3 ? ' ...' : ''}`
}
