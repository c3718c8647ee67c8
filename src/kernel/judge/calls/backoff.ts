import type { IncomingHttpHeaders } from 'node:http'

/** When a call that failed is tried again. Times in seconds. */
export interface RetryPolicy {
  /** Calls in all for a question that gets no answer. */
  attempts: number
  /** Pause before the second call; doubles with each further one ... */
  pause: number
  /** ... up to this. */
  longest: number
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, pause: 1, longest: 60 }

/**
 * Seconds to wait after the nth failed call (n = 1, 2 ...): what the server asked for, otherwise exponential with full
 * jitter between half and all of it. `random` is in 0..1.
 */
export function pauseAfter(n: number, policy: RetryPolicy, random: number, retryAfter?: number): number {
  if (retryAfter !== undefined) return retryAfter
  const base = Math.min(policy.longest, policy.pause * 2 ** (n - 1))
  return base * (0.5 + 0.5 * random)
}

/**
 * Seconds from a `Retry-After` header (seconds or an HTTP date), or from `retry-after-ms`; undefined when there is none
 * that can be read.
 */
export function retryAfterOf(headers: IncomingHttpHeaders, now: number): number | undefined {
  const milliseconds = Number(headers['retry-after-ms'] ?? Number.NaN)
  if (milliseconds >= 0) return milliseconds / 1000
  const header = headers['retry-after']
  if (header === undefined) return undefined
  const seconds = Number(header)
  if (seconds >= 0) return seconds
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000)
}
