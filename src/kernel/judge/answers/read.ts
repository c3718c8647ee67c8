import { AnswerProblem, type Json } from './fields.ts'
import type { AnswerForm, Reading } from './forms.ts'
import { type FoundJson, findJson } from './json.ts'

export type ReadAnswer =
  | { kind: 'read'; reading: Reading; how: FoundJson['how'] | 'prose'; value: unknown }
  /** `reason` continues "The answer cannot be used: ". `again` where asking once more can help. */
  | { kind: 'unusable'; reason: string; again: boolean }

/** What a provider's reply holds, whichever API it came by. */
export interface Reply {
  text: string
  refusal?: string
  /** The provider stopped before the end. */
  cut?: 'length' | 'filter'
  usage?: Usage
  /** Exact model that answered. */
  model?: string
}

export interface Usage {
  input: number
  output: number
}

/**
 * Reads the text of an answer in a form.
 */
export function readAnswer(reply: Reply, form: AnswerForm): ReadAnswer {
  if (reply.refusal !== undefined) return unusable(`the judge refused: ${short(reply.refusal)}`, false)
  if (reply.cut === 'filter') return unusable("the provider's content filter stopped it", false)
  if (!reply.text.trim()) return unusable('it is empty', true)

  let problem: string | undefined
  for (const { value, how } of findJson(reply.text)) {
    try {
      return { kind: 'read', reading: form.read(value as Json), how, value }
    } catch (error) {
      if (!(error instanceof AnswerProblem)) throw error
      problem ??= how === 'truncated' ? 'it was cut off before its score' : error.message
    }
  }
  if (reply.cut === 'length') return unusable('it was cut off at the limit of tokens', true)
  if (problem !== undefined) return unusable(problem, true)
  if (refuses(reply.text)) return unusable(`the judge refused: ${short(reply.text)}`, false)
  const prose = proseScore(reply.text, form)
  return prose ?? unusable(`it is no JSON: ${short(reply.text)}`, true)
}

const unusable = (reason: string, again: boolean): ReadAnswer => ({ kind: 'unusable', reason, again })

/** A model that cannot write JSON may still end with "Score: 3/5". Taken only when every such line agrees. */
function proseScore(text: string, form: AnswerForm): ReadAnswer | undefined {
  const stated = [...text.matchAll(/\bscore\b["*_\s]*(?:is|of|:|=)["*_\s]*(\d+(?:\.\d+)?)(?![\d.]*\d)/gi)]
  const values = new Set(stated.map(match => match[1]))
  if (values.size !== 1) return undefined
  try {
    const reading = form.read({ score: Number([...values][0]) })
    return { kind: 'read', reading, how: 'prose', value: undefined }
  } catch (error) {
    if (error instanceof AnswerProblem) return undefined
    throw error
  }
}

function refuses(text: string): boolean {
  return /\b(I['’]?m sorry|I am sorry|I can(?:['’]|no)t|I cannot|I['’]m unable|I am unable|I won['’]t)\b/i.test(
    text.slice(0, 200),
  )
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}
