/** How long a kernel waits for a client to come back, in milliseconds. */
export interface Patience {
  /** While nothing runs. */
  idle: number
  /** While something runs. */
  running: number
}

export interface Work {
  readonly busy: boolean
  interrupt(): void
  end(): void
}

/**
 * Ends a kernel that nobody comes back to: soon when nothing runs; while something runs it goes on for its time, is
 * then interrupted, and ends when it has settled.
 */
export class Attendance {
  readonly #patience: Patience
  readonly #work: Work
  #visit: number | undefined
  #visits = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(patience: Patience, work: Work) {
    this.#patience = patience
    this.#work = work
    this.#wait()
  }

  /** The number of the visit that lasts, from 1; none while nobody is there. */
  get visit(): number | undefined {
    return this.#visit
  }

  arrived(): void {
    this.#visit = ++this.#visits
    clearTimeout(this.#timer)
  }

  left(): void {
    this.#visit = undefined
    this.#wait()
  }

  /** Nothing runs any more. */
  settled(): void {
    if (this.#visit === undefined) this.#wait()
  }

  #wait(): void {
    clearTimeout(this.#timer)
    const { busy } = this.#work
    this.#timer = busy
      ? setTimeout(() => this.#giveUp(), this.#patience.running)
      : setTimeout(() => this.#work.end(), this.#patience.idle)
  }

  #giveUp(): void {
    this.#work.interrupt()
    this.#timer = setTimeout(() => this.#work.end(), this.#patience.idle)
  }
}
