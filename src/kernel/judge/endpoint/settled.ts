import { recordName, type StoredAnswer } from '../answers/answer-store.ts'
import type { Reading } from '../answers/forms.ts'
import type { ReadAnswer } from '../answers/read.ts'
import type { Fault } from '../calls/faults.ts'
import type { Uses } from '../judgement.ts'
import type { Look, PlannedLook } from './inquiry.ts'
import type { Asked } from './job.ts'

/** What came of one question, as far as scores are made of it: neither the request nor the response is needed any more. */
export interface Settled {
  /** Of the question. */
  key: string
  looks: readonly Look[]
  /** Keys of the prepared images that were shown. */
  images: readonly string[]
  answers: readonly SpentAnswer[]
  outcome: { kind: 'answered'; read: UsedAnswer } | { kind: 'failed'; reason: string; fault?: Fault }
  /** Calls that were made now. */
  calls: number
  /** It was not asked, and another run may ask it. */
  open: boolean
  /** A person changed something on the way. */
  edited?: true
}

/** What an answer took. */
export type SpentAnswer = Pick<StoredAnswer, 'attempt' | 'usage' | 'cost'>

/** What an answer says, and how it was read. */
export interface UsedAnswer {
  reading: Reading
  how: Extract<ReadAnswer, { kind: 'read' }>['how']
}

export function settle({ group, outcome, open, edited }: Asked): Settled {
  return {
    key: group.question.key,
    looks: group.looks,
    images: [...new Set(group.looks.flatMap(imageKeysOf))],
    answers: outcome.answers.map(({ attempt, usage, cost }) => ({ attempt, usage, cost })),
    outcome:
      outcome.kind === 'answered'
        ? { kind: 'answered', read: { reading: outcome.read.reading, how: outcome.read.how } }
        : { kind: 'failed', reason: outcome.reason, fault: outcome.fault },
    calls: outcome.calls,
    open,
    ...(edited && { edited }),
  }
}

/** Keys of the prepared images that a look shows. */
export const imageKeysOf = ({ images }: PlannedLook): string[] => images.map(({ key }) => key)

/** Names of everything that a replay of these answers needs. */
export function usesOf(all: readonly Settled[]): Uses {
  const uses: Uses = { answers: [], images: [], unanswered: {} }
  const images = new Set<string>()
  for (const { key, answers, outcome, images: shown } of all) {
    for (const { attempt } of answers) uses.answers.push(recordName(key, attempt))
    if (outcome.kind === 'failed') uses.unanswered[key] = outcome.reason
    for (const image of shown) images.add(image)
  }
  return { ...uses, answers: uses.answers.sort(), images: [...images].sort() }
}
