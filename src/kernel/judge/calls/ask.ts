import { setImmediate } from 'node:timers/promises'
import type { AnswerSource, AnswerStore, StoredAnswer } from '../answers/answer-store.ts'
import { type ReadAnswer, type Reply, readAnswer } from '../answers/read.ts'
import { readReply } from '../answers/replies.ts'
import { costOf, type Price } from '../costs/prices.ts'
import type { Question } from '../questions/question.ts'
import { imageUrlsOf, type Structure, textWithImages, withStructure } from '../questions/request.ts'
import { pauseAfter, type RetryPolicy } from './backoff.ts'
import type { JudgeClient, Sent } from './client.ts'
import { FAULTS, type Fault, shorten } from './faults.ts'
import { type Clock, Limiter, type Limits, systemClock } from './limiter.ts'

/** What came of a question. */
export type Outcome =
  /** The last of `answers` could be used. `calls`: how many were made now. */
  | { kind: 'answered'; answers: StoredAnswer[]; read: Extract<ReadAnswer, { kind: 'read' }>; calls: number }
  /** `fault` when no answer came; otherwise answers came and none could be used. */
  | { kind: 'failed'; reason: string; fault?: Fault; answers: StoredAnswer[]; calls: number }

export interface AskerOptions {
  client: JudgeClient
  answers: AnswerStore
  /** `data:` URL of a prepared image. */
  imageUrl(hash: string): Promise<string>
  limits: Limits
  retry: RetryPolicy
  /** Seconds for one call. */
  timeout: number
  structure: 'auto' | Structure
  price?: Price
  signal: AbortSignal
  /** Seeded, so that a run can be repeated. In 0..1. */
  random(): number
  clock?: Clock
}

/** Answers in all, for a question whose answers cannot be used. */
export const USABLE_ATTEMPTS = 3

/** `data:` URLs by hash. */
type Images = ReadonlyMap<string, string>

const WEAKER: Record<Structure, Structure> = { schema: 'json', json: 'none', none: 'none' }

/** Asks one judge. An answer is stored, whole, before anything is done with it; equal questions in flight share a call. */
export class Asker {
  readonly #options: AskerOptions
  readonly #limiter: Limiter
  readonly #clock: Clock
  readonly #inFlight = new Map<string, Promise<Outcome>>()
  /** Weakened when the server turns out not to know it. */
  #structure: Structure
  /** Set when no further question would be answered either. */
  #down: Fault | undefined
  #failuresInARow = 0

  constructor(options: AskerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#limiter = new Limiter(options.limits, this.#clock)
    this.#structure = options.structure === 'auto' ? 'schema' : options.structure
  }

  /**
   * Never rejects but with the reason of the signal, or when the store cannot be written.
   *
   * @param answers those that the question got before and that could not be used
   */
  ask(question: Question, answers: readonly StoredAnswer[]): Promise<Outcome> {
    const shared = this.#inFlight.get(question.key)
    if (shared) return shared
    const outcome = this.#ask(question, answers).finally(() => this.#inFlight.delete(question.key))
    this.#inFlight.set(question.key, outcome)
    return outcome
  }

  async #ask(question: Question, answers: readonly StoredAnswer[]): Promise<Outcome> {
    let calls = 0
    let known: Known = { kind: 'open', answers: [...answers] }
    while (known.kind === 'open') {
      const attempt = known.answers.length
      const sent = await this.#call(question, attempt)
      calls += sent.calls
      if (sent.kind === 'fault') {
        return {
          kind: 'failed',
          reason: sent.fault.message,
          fault: sent.fault,
          answers: known.answers,
          calls,
        }
      }
      known = assess(question, [...known.answers, sent.answer], sent.reply)
    }
    return { ...known, calls }
  }

  /** Calls until an answer arrives, and stores it. */
  async #call(
    question: Question,
    attempt: number,
  ): Promise<
    ({ kind: 'answer'; answer: StoredAnswer; reply?: Reply } | { kind: 'fault'; fault: Fault }) & {
      calls: number
    }
  > {
    const { answers, retry, signal } = this.#options
    // Before its turn comes, so that no turn is spent on it.
    const images: Images = this.#down ? new Map() : await imageUrlsOf(question.body, this.#options.imageUrl)
    for (let calls = 1; ; calls++) {
      if (this.#down) return { kind: 'fault', fault: notAsked(this.#down), calls: calls - 1 }
      const sent = await this.#limiter.run(() => this.#send(question, images, attempt), signal)
      if (sent.kind === 'arrived') {
        // The call that takes the turn goes out first.
        await setImmediate()
        this.#failuresInARow = 0
        const { body, milliseconds, requestId } = sent
        const reply = readReply(question.api, body)
        const usage = reply?.usage
        const cost = usage && this.#options.price && costOf(usage, this.#options.price)
        const received = new Date().toISOString()
        const answer = await answers.keep(question, {
          attempt,
          body,
          received,
          milliseconds,
          requestId,
          usage,
          cost,
        })
        return { kind: 'answer', answer, reply, calls }
      }
      const { fault } = sent
      if (fault.partial) await answers.keepPartial(question, fault.partial, fault.message)
      const allowed = FAULTS[fault.kind].calls
      if (calls >= (allowed === 'policy' ? retry.attempts : allowed)) {
        this.#giveUp(fault)
        const times = calls > 1 ? ` (${calls} times)` : ''
        return { kind: 'fault', fault: { ...fault, message: `${fault.message}${times}` }, calls }
      }
      const pause = pauseAfter(calls, retry, this.#options.random(), fault.retryAfter)
      if (fault.kind === 'rate-limited') this.#limiter.pause(pause)
      else await this.#clock.sleep(pause * 1000, signal)
    }
  }

  async #send(
    question: Question,
    images: Images,
    attempt: number,
  ): Promise<Exclude<Sent, { kind: 'unstructured' }>> {
    if (this.#down) return { kind: 'fault', fault: notAsked(this.#down) }
    const { client, timeout, signal } = this.#options
    for (;;) {
      const structure = this.#structure
      const { api, body, form } = question
      const text = textWithImages(withStructure(api, body, form, structure), images)
      const idempotencyKey = `${question.key}-${attempt}`
      const sent = await client.send(api, text, { timeout, signal, idempotencyKey })
      if (sent.kind !== 'unstructured') return sent
      // Others may have weakened it meanwhile.
      if (this.#structure === structure) this.#structure = WEAKER[structure]
      if (structure === 'none' || this.#options.structure !== 'auto') {
        return {
          kind: 'fault',
          fault: {
            kind: 'rejected',
            message: `the server does not accept the request: ${shorten(sent.says)}`,
            remedy: 'Set `structure: none` for this judge.',
          },
        }
      }
    }
  }

  /** A server that answers nobody is not asked a thousand times. */
  #giveUp(fault: Fault): void {
    this.#failuresInARow++
    const enough = Math.max(3, this.#options.limits.concurrency)
    if (FAULTS[fault.kind].everyone || this.#failuresInARow >= enough) this.#down ??= fault
  }
}

const notAsked = (fault: Fault): Fault => ({ ...fault, message: `not asked, because ${fault.message}` })

export type Known =
  | Omit<Extract<Outcome, { kind: 'answered' }>, 'calls'>
  | Omit<Extract<Outcome, { kind: 'failed' }>, 'calls'>
  /** It has to be asked; `answers` could not be used. */
  | { kind: 'open'; answers: StoredAnswer[] }

/** What the stored answers say, without a call. */
export async function fromStore(question: Question, source: AnswerSource): Promise<Known> {
  const answers: StoredAnswer[] = []
  for (;;) {
    const answer = await source.find(question.key, answers.length)
    if (!answer) return answers.length === 0 ? { kind: 'open', answers } : assess(question, answers)
    answers.push(answer)
    const known = assess(question, answers)
    if (known.kind !== 'open') return known
  }
}

/**
 * What the last of the answers to a question says.
 *
 * @param reply what stands in its body
 */
export function assess(
  question: Question,
  answers: StoredAnswer[],
  reply = readReply(question.api, answers.at(-1)!.body),
): Known {
  const answer = answers.at(-1)!
  const read: ReadAnswer = reply
    ? readAnswer(reply, question.form)
    : { kind: 'unusable', reason: notAReply(answer.body), again: true }
  if (read.kind === 'read') return { kind: 'answered', answers, read }
  if (read.again && answers.length < USABLE_ATTEMPTS) return { kind: 'open', answers }
  const times = answers.length > 1 ? ` (${answers.length} answers, none usable)` : ''
  return { kind: 'failed', reason: `the answer cannot be used: ${read.reason}${times}`, answers }
}

function notAReply(body: string): string {
  return body.trim() ? 'the response is not one of the API' : 'the response is empty'
}
