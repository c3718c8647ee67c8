import { hashOf } from '../../store/canonical.ts'
import type { Json } from '../answers/fields.ts'
import type { AnswerForm } from '../answers/forms.ts'
import type { Api } from '../answers/replies.ts'
import type { Sampling } from './request.ts'

/** One thing to ask: a request to an endpoint, for the nth time. */
export interface Question {
  /** Identity of the question; its answer is stored under it. */
  key: string
  /** Base URL of the endpoint. */
  endpoint: string
  api: Api
  /** Request body with image references (`request.ts`), without the structure that the server is asked for. */
  body: Json
  /** 0, 1, 2 ...: repeats are different questions. */
  repeat: number
  form: AnswerForm
  /** For messages: what is judged. */
  subject: { id: string; method: string | null }
}

/**
 * The key covers endpoint, API, model, parameters, rendered text, image bytes (by hash) and repeat. How the answer's form
 * is enforced is not part of it: a changed schema reads the same answer anew, without a call.
 */
export const questionKey = (question: Asked): string => hashOf(asked(question))

/** What the key of a question covers. */
export type Asked = Pick<Question, 'endpoint' | 'api' | 'body' | 'repeat'>

export const asked = ({ endpoint, api, body, repeat }: Asked): Asked => ({ endpoint, api, body, repeat })

/** With a seed set, each repeat has its own: the cell's plus the repeat. */
export function samplingOf(sampling: Sampling, repeat: number): Sampling {
  return sampling.seed === undefined ? sampling : { ...sampling, seed: sampling.seed + repeat }
}
