/** Time as the limiter sees it, so that tests need not wait. Milliseconds. */
export interface Clock {
  now(): number
  /** Rejects with the signal's reason when it aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const done = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      const stop = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
    }),
}

export interface Limits {
  /** Calls at the same time. */
  concurrency: number
  /** Calls begun per minute, evenly spaced. */
  rpm?: number
}

/** Keeps the calls to one endpoint within its limits: so many at once, so many a minute, and none while it asks for a rest. */
export class Limiter {
  readonly #clock: Clock
  readonly #spacing: number
  #free: number
  readonly #waiting: (() => void)[] = []
  #nextStart = 0
  #pausedUntil = 0

  constructor(limits: Limits, clock: Clock = systemClock) {
    this.#clock = clock
    this.#free = limits.concurrency
    this.#spacing = limits.rpm ? 60_000 / limits.rpm : 0
  }

  /** No call begins for so many seconds. */
  pause(seconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + seconds * 1000)
  }

  /** Runs `call` when the limits allow. */
  async run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter()
    try {
      await this.#turn(signal)
      return await call()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    for (;;) {
      const now = this.#clock.now()
      const start = Math.max(this.#pausedUntil, this.#spacing ? this.#nextStart : 0)
      if (start <= now) {
        // A timer that fires late must not slow the rate down.
        this.#nextStart = (now - start < this.#spacing ? start : now) + this.#spacing
        return
      }
      await this.#clock.sleep(start - now, signal)
    }
  }
}
