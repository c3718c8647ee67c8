import type { APIError, OpenAI } from 'openai'
import type { Json } from '../answers/fields.ts'
import type { Api } from '../answers/replies.ts'
import { retryAfterOf } from './backoff.ts'
import type { Endpoint } from './endpoint.ts'
import { type Fault, networkFault, statusFault, timeoutFault } from './faults.ts'
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

/** An answer of the server that is not a success. */
export interface AnsweredError {
  status: number
  /** The server's own words, free of the key. */
  says: string
  headers?: Headers
}

const PATH: Record<Api, string> = { chat: '/chat/completions', responses: '/responses' }

export interface JudgeClient {
  /** One call, without any retry. Throws only the reason of `signal`. */
  send(api: Api, body: Json, options: SendOptions): Promise<Sent>
  /** The provider's client, for its other APIs (batch). */
  openai: OpenAI
  /** The answer of the server that an error of `openai` stands for; undefined when none came. */
  answeredError(error: unknown): AnsweredError | undefined
  redact(text: string): string
}

/** A client of one endpoint. */
export async function createClient(endpoint: Endpoint): Promise<JudgeClient> {
  const { OpenAI, APIError } = await import('./openai.ts')
  const redact = redactor([endpoint.key])
  const openai = new OpenAI({
    baseURL: endpoint.baseURL,
    // A server on this machine needs no key, but the client insists on one.
    apiKey: endpoint.key ?? 'no-key',
    // The client would take each of these from the environment.
    organization: null,
    project: null,
    webhookSecret: null,
    adminAPIKey: null,
    maxRetries: 0,
    logLevel: 'off',
    // A redirect could take the key and the images to another host.
    fetchOptions: { redirect: 'manual' },
  })
  const client: Omit<JudgeClient, 'send'> = {
    openai,
    redact,
    answeredError: error =>
      error instanceof APIError && error.status !== undefined
        ? { status: error.status, says: redact(saidBy(error)), headers: error.headers }
        : undefined,
  }
  return { ...client, send: (api, body, options) => send(client, endpoint.host, api, body, options) }
}

async function send(
  { openai, redact, answeredError }: Omit<JudgeClient, 'send'>,
  host: string,
  api: Api,
  body: Json,
  { timeout, signal, idempotencyKey }: SendOptions,
): Promise<Sent> {
  const started = performance.now()
  const limit = timeLimit(timeout, signal)
  let partial = ''
  try {
    const response = await openai
      .post(PATH[api], {
        body,
        // The client's own limit ends with the headers; ours holds for the body as well.
        timeout: timeout * 1000 + 1000,
        signal: limit.signal,
        headers: { 'Idempotency-Key': idempotencyKey },
      })
      .asResponse()
    for await (const text of textsOf(response, limit.passed)) partial += text
    const requestId = response.headers.get('x-request-id')
    return {
      kind: 'arrived',
      body: redact(partial),
      milliseconds: Math.round(performance.now() - started),
      ...(requestId && { requestId: redact(requestId) }),
    }
  } catch (error) {
    signal.throwIfAborted()
    if (limit.late()) return { kind: 'fault', fault: timeoutFault(host, timeout, redact(partial)) }
    const answered = answeredError(error)
    if (answered) {
      const { status, says, headers = new Headers() } = answered
      if ((status === 400 || status === 422) && STRUCTURE.test(says)) return { kind: 'unstructured', says }
      return {
        kind: 'fault',
        fault: statusFault(host, status, says, retryAfterOf(headers, Date.now())),
      }
    }
    return { kind: 'fault', fault: networkFault(host, error, redact(partial)) }
  } finally {
    limit.end()
  }
}

/** A signal that aborts after some seconds or with another one, and whose parts are let go of when the call is over. */
function timeLimit(seconds: number, outer: AbortSignal) {
  const controller = new AbortController()
  let late = false
  const timer = setTimeout(() => {
    late = true
    controller.abort()
  }, seconds * 1000)
  const stop = () => controller.abort(outer.reason)
  if (outer.aborted) stop()
  outer.addEventListener('abort', stop, { once: true })
  const passed = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  // It is raced against; nobody may be waiting when it rejects.
  passed.catch(() => {})
  return {
    signal: controller.signal,
    /** Rejects when the time has passed or the outer signal aborts. */
    passed,
    late: () => late,
    end() {
      clearTimeout(timer)
      outer.removeEventListener('abort', stop)
    },
  }
}

/** The body of a response as it comes; ends with the error of `passed` even when the body does not react to it. */
async function* textsOf(response: Response, passed: Promise<never>): AsyncGenerator<string> {
  const reader = response.body?.getReader()
  if (!reader) return
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), passed])
      yield decoder.decode(value, { stream: !done })
      if (done) return
    }
  } finally {
    // Of a finished body it does nothing; of a hanging one it closes the connection.
    reader.cancel().catch(() => {})
  }
}

const STRUCTURE = /response_format|json_schema|json_object|json mode|structured output|text\.format|grammar/i

function saidBy(error: APIError): string {
  const inner = error.error as { message?: unknown } | undefined
  if (typeof inner?.message === 'string') return inner.message
  return error.message.replace(/^\d+\s*/, '').replace('status code (no body)', '')
}
