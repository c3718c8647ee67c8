import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request as requestByHttp,
} from 'node:http'
import { request as requestByHttps } from 'node:https'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

/** Milliseconds for reaching a host, after which it counts as not reachable. */
const CONNECT_LIMIT = 10_000

/** Where a text is posted, as `urlToHttpOptions` has it. */
export type Target = Pick<RequestOptions, 'protocol' | 'hostname' | 'port' | 'path'>

export interface PostOptions {
  headers: Readonly<Record<string, string>>
  /** For the whole call, body included. */
  seconds: number
  signal: AbortSignal
  /** Gets the body as it comes; of one that breaks off, this is all there is. */
  onText(text: string): void
}

/** An answer whose body `onText` got. */
export interface Posted {
  /** Whether it is a success. Only then is the body whole: of an error the status says enough. */
  ok: boolean
  status: number
  headers: IncomingHttpHeaders
}

/** Of bodies that come compressed although that was not asked for. */
const DECODERS: Readonly<Record<string, typeof createGunzip | typeof createBrotliDecompress>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** Why a call ended that took longer than it may. */
export class TimeLimitPassed extends Error {}

/**
 * Posts a text over a connection that is kept for the next call, and resolves when the answer is there. Follows no
 * redirect, which could take key and images to another host.
 *
 * Not by `fetch`, whose objects and streams for one call take more than twice the processor time: with dozens
 * of calls in flight they share one thread, and the answers wait for it. Node's `fetch` also ends a call whose answer does
 * not begin within five minutes.
 *
 * @throws TimeLimitPassed, the reason of `signal`, or the error of the socket, whose `code` says what it was
 */
export function post(
  target: Target,
  body: string,
  { headers, seconds, signal, onText }: PostOptions,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const request = (target.protocol === 'https:' ? requestByHttps : requestByHttp)({
      ...target,
      method: 'POST',
      headers: { ...headers, 'accept-encoding': 'identity', 'content-length': Buffer.byteLength(body) },
    })
    let connecting: NodeJS.Timeout | undefined
    const settle = () => {
      clearTimeout(limit)
      clearTimeout(connecting)
      signal.removeEventListener('abort', stop)
    }
    const fail = (error: unknown) => {
      settle()
      reject(error)
      request.destroy()
    }
    const finish = ({ statusCode: status = 0, headers }: IncomingMessage) => {
      settle()
      resolve({ ok: isSuccess(status), status, headers })
      // An answer that did not wait for all of the request.
      if (!request.writableFinished) request.destroy()
    }
    let answer: IncomingMessage | undefined
    const broken = (error: unknown) => {
      if (answer && !isSuccess(answer.statusCode)) finish(answer)
      else fail(error)
    }
    const stop = () => fail(signal.reason)
    const limit = setTimeout(() => fail(new TimeLimitPassed()), seconds * 1000)
    signal.addEventListener('abort', stop, { once: true })

    request.on('error', broken)
    request.on('socket', socket => {
      if (!socket.connecting) return
      const late = Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })
      connecting = setTimeout(() => fail(late), CONNECT_LIMIT)
      const ready = target.protocol === 'https:' ? 'secureConnect' : 'connect'
      socket.once(ready, () => clearTimeout(connecting))
    })
    request.on('response', response => {
      answer = response
      const decoder = DECODERS[response.headers['content-encoding'] ?? '']?.()
      const body = decoder ? response.pipe(decoder) : response
      response.on('error', broken)
      body.on('error', broken)
      body.setEncoding('utf8')
      body.on('data', onText)
      body.on('end', () => finish(response))
    })
    request.end(body)
  })
}

const isSuccess = (status = 0): boolean => status >= 200 && status < 300
