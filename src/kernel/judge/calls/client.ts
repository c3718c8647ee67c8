import { urlToHttpOptions } from 'node:url'
import { VERSION } from '../../version.ts'
import type { Api } from '../answers/replies.ts'
import { retryAfterOf } from './backoff.ts'
import type { Endpoint } from './endpoint.ts'
import { type Fault, networkFault, statusFault, timeoutFault } from './faults.ts'
import { post, TimeLimitPassed } from './post.ts'
import { redactor } from './redact.ts'

/** What one call brought. Texts are already free of the key. */
export type Sent =
  | { kind: 'arrived'; body: string; requestId?: string; milliseconds: number }
  | { kind: 'fault'; fault: Fault }
  /** The server does not know the structured output that was asked for. */
  | { kind: 'unstructured'; says: string }

export interface SendOptions {
  /** Seconds for the whole call, body included. */
  timeout: number
  signal: AbortSignal
  /** Names the question and the attempt; servers that honour it never answer (and charge) it twice. */
  idempotencyKey: string
}

const PATHS: Record<Api, string> = { chat: '/chat/completions', responses: '/responses' }

export interface JudgeClient {
  /** One call with a body of JSON, without any retry. Throws only the reason of `signal`. */
  send(api: Api, body: string, options: SendOptions): Promise<Sent>
}

/** A client of one endpoint. */
export function createClient({ baseURL, host, key }: Endpoint): JudgeClient {
  const redact = redactor([key])
  const shared = {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': `mirage/${VERSION}`,
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  }
  const targets = Object.fromEntries(
    Object.entries(PATHS).map(([api, path]) => [api, urlToHttpOptions(new URL(baseURL + path))]),
  )
  return {
    async send(api, body, { timeout, signal, idempotencyKey }) {
      const started = performance.now()
      let arrived = ''
      const onText = (text: string) => {
        arrived += text
      }
      try {
        const headers = { ...shared, 'idempotency-key': idempotencyKey }
        const reply = await post(targets[api], body, {
          headers,
          seconds: timeout,
          signal,
          onText,
        })
        const { ok, status } = reply
        // Some servers begin with a mark that is no part of the text.
        const text = arrived.replace(/^\uFEFF/, '')
        if (ok) {
          const requestId = reply.headers['x-request-id']
          return {
            kind: 'arrived',
            body: redact(text),
            milliseconds: Math.round(performance.now() - started),
            ...(typeof requestId === 'string' && { requestId: redact(requestId) }),
          }
        }
        // Not before it was read: a key may be written otherwise in JSON.
        const says = redact(saidIn(text))
        if ((status === 400 || status === 422) && STRUCTURE.test(says)) return { kind: 'unstructured', says }
        const retryAfter = retryAfterOf(reply.headers, Date.now())
        return { kind: 'fault', fault: statusFault(host, status, says, retryAfter) }
      } catch (error) {
        signal.throwIfAborted()
        const partial = redact(arrived)
        return {
          kind: 'fault',
          fault:
            error instanceof TimeLimitPassed
              ? timeoutFault(host, timeout, partial)
              : networkFault(host, error, partial),
        }
      }
    },
  }
}

const STRUCTURE = /response_format|json_schema|json_object|json mode|structured output|text\.format|grammar/i

/** The server's own words in the body of an error: OpenAI's form, vLLM's, FastAPI's, or whatever there is. */
function saidIn(body: string): string {
  try {
    const { error, message, detail } = JSON.parse(body)
    // FastAPI's list of what is wrong repeats the whole request beside it.
    const wrong = Array.isArray(detail) ? detail.map(item => item?.msg).join('; ') : detail
    for (const words of [error?.message, error, message, wrong]) {
      if (typeof words === 'string') return words
    }
  } catch {
    // No JSON.
  }
  return body
}
