import type { Store } from '../../store/store.ts'
import type { Question } from '../questions/question.ts'
import type { Json } from './fields.ts'
import type { Usage } from './read.ts'
import type { Api } from './replies.ts'

/** An answer as it arrived, with everything that was asked. */
export interface StoredAnswer {
  question: { endpoint: string; api: Api; body: Json; repeat: number }
  /** 0, or n when n earlier answers could not be used. */
  attempt: number
  /** Body of the response, verbatim (without the key, should the server have echoed it). */
  body: string
  /** ISO 8601. */
  received: string
  milliseconds: number
  requestId?: string
  usage?: Usage
  /** US dollars, by the price that was known when it was paid. */
  cost?: number
  /** It came through the provider's Batch API. */
  batch?: true
}

/** Where answers are looked up and kept. */
export interface AnswerSource {
  find(key: string, attempt: number): Promise<StoredAnswer | undefined>
}

/** What identifies a question. */
type Asked = Pick<Question, 'key' | 'endpoint' | 'api' | 'body' | 'repeat'>

export interface AnswerStore extends AnswerSource {
  keep(question: Asked, answer: Omit<StoredAnswer, 'question'>): Promise<StoredAnswer>
  /** What arrived of an answer that broke off, for whoever wants to see it. */
  keepPartial(question: Asked, partial: string, why: string): Promise<void>
}

export const ANSWER_SPACE = 'answer'
export const PARTIAL_SPACE = 'answer-partial'

export const recordName = (key: string, attempt: number): string =>
  attempt === 0 ? key : `${key}.${attempt}`

/** Answers in the store's records: one file per answer, written whole before the answer is used. */
export function createAnswerStore(store: Store, now: () => Date = () => new Date()): AnswerStore {
  return {
    find: (key, attempt) => store.getRecord<StoredAnswer>(ANSWER_SPACE, recordName(key, attempt)),
    async keep({ key, endpoint, api, body, repeat }, answer) {
      const stored: StoredAnswer = { question: { endpoint, api, body, repeat }, ...answer }
      await store.putRecord(ANSWER_SPACE, recordName(key, answer.attempt), stored)
      return stored
    },
    async keepPartial({ key, endpoint, api, body, repeat }, partial, why) {
      const when = now().toISOString()
      const name = `${key}.${when.replace(/[^\d]/g, '')}`
      await store.putRecord(PARTIAL_SPACE, name, {
        question: { endpoint, api, body, repeat },
        partial,
        why,
        when,
      })
    },
  }
}

/** Whether any answer was ever stored. */
export async function hasAnswers(store: Store): Promise<boolean> {
  for await (const _ of store.listRecords(ANSWER_SPACE)) return true
  return false
}
