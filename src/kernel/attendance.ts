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
  #attended = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(patience: Patience, work: Work) {
    this.#patience = patience
    this.#work = work
    this.#wait()
  }

  get attended(): boolean {
    return this.#attended
  }

  arrived(): void {
    this.#attended = true
    clearTimeout(this.#timer)
  }

  left(): void {
    this.#attended = false
    this.#wait()
  }

  /** Nothing runs any more. */
  settled(): void {
    if (!this.#attended) this.#wait()
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
