import type { KernelClient } from '../../kernel/protocol/client.ts'
import type { Vitals } from '../../kernel/protocol/messages.ts'

/** Milliseconds between two looks while something runs. */
const BEAT = 3000

export interface WatchPorts {
  /** The running kernel, or undefined; starts nothing. */
  client(): KernelClient | undefined
  onChange(): void
}

/** What a kernel computes with and how much memory it takes: asked at rest once, and from time to time while it runs. */
export class VitalsWatch {
  readonly #ports: WatchPorts
  #timer: ReturnType<typeof setInterval> | undefined
  #last: Vitals | undefined

  constructor(ports: WatchPorts) {
    this.#ports = ports
  }

  get last(): Vitals | undefined {
    return this.#last
  }

  async look(): Promise<void> {
    // A kernel that ended meanwhile has none, and its end is told elsewhere.
    const last = await this.#ports
      .client()
      ?.request('vitals', {})
      .catch(() => undefined)
    this.#last = last
    this.#ports.onChange()
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), BEAT)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** The kernel is gone. */
  clear(): void {
    this.stop()
    this.#last = undefined
  }
}
