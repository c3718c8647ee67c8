import type { KernelClient, KernelExit, LaunchOptions } from '../../kernel/protocol/client.ts'
import type { CellEvent } from '../../kernel/protocol/messages.ts'
import { infoOf } from '../failure.ts'

/** The kernel process of one study, as its window sees it. */
export type KernelState =
  | { phase: 'off' }
  | { phase: 'starting' }
  | { phase: 'ready'; client: KernelClient }
  | { phase: 'failed'; reason: string }

type Handlers = Pick<LaunchOptions, 'onEvent' | 'onExit' | 'onLog'>

export interface HostPorts {
  /** Starts a kernel process. Rejects with a Failure that says what to do. */
  launch(handlers: Handlers): Promise<KernelClient>
  /** Attaches to the kernel that an earlier window left; undefined when there is none. */
  reattach(handlers: Handlers): Promise<KernelClient | undefined>
  onEvent(event: CellEvent): void
  onState(state: KernelState): void
  log(line: string): void
}

/**
 * Starts a study's kernel when it is first needed, and again when it has died. What an earlier process still says is
 * not heard.
 */
export class KernelHost {
  readonly #ports: HostPorts
  #state: KernelState = { phase: 'off' }
  #starting: Promise<KernelClient> | undefined
  #returning: Promise<KernelClient | undefined> | undefined
  #generation = 0

  constructor(ports: HostPorts) {
    this.#ports = ports
  }

  get state(): KernelState {
    return this.#state
  }

  /** The running kernel, or undefined; starts nothing. */
  get client(): KernelClient | undefined {
    return this.#state.phase === 'ready' ? this.#state.client : undefined
  }

  /** The running kernel, started when there is none. */
  async ensure(): Promise<KernelClient> {
    await this.#returning?.catch(() => {})
    if (this.client) return this.client
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  /** The kernel that an earlier window of this study left, or undefined; starts none. */
  reattach(): Promise<KernelClient | undefined> {
    this.#returning ??= this.#reattach()
    return this.#returning
  }

  /** Leaves the kernel to itself, so that the next window may find it. */
  leave(): void {
    const { client } = this
    this.#generation++
    this.#become({ phase: 'off' })
    client?.leave()
  }

  /** Ends the kernel process and everything that it runs; the next `ensure` starts a fresh one. */
  async stop(): Promise<void> {
    await Promise.allSettled([this.#starting, this.#returning])
    const client = this.client
    this.#generation++
    this.#become({ phase: 'off' })
    await client?.dispose()
  }

  /** Ends the process at once, for a kernel that does not answer. */
  kill(): void {
    this.client?.kill()
  }

  async #reattach(): Promise<KernelClient | undefined> {
    if (this.#state.phase !== 'off') return undefined
    const generation = ++this.#generation
    const client = await this.#ports.reattach(this.#handlers(generation))
    if (generation !== this.#generation) client?.leave()
    if (!client || generation !== this.#generation) return undefined
    this.#ports.log(`Found the kernel of an earlier window again, process ${client.pid}.`)
    this.#become({ phase: 'ready', client })
    return client
  }

  async #start(): Promise<KernelClient> {
    const generation = ++this.#generation
    this.#become({ phase: 'starting' })
    try {
      const client = await this.#ports.launch(this.#handlers(generation))
      this.#ports.log(
        `Kernel ${client.info.version} runs on Node ${client.info.node}, process ${client.pid}.`,
      )
      this.#become({ phase: 'ready', client })
      return client
    } catch (error) {
      this.#become({ phase: 'failed', reason: infoOf(error).message })
      throw error
    }
  }

  #handlers(generation: number): Handlers {
    const current = () => generation === this.#generation
    return {
      onEvent: event => {
        if (current()) this.#ports.onEvent(event)
      },
      onExit: exit => {
        this.#ports.log(`Kernel ended (${exit.signal ?? `code ${exit.code}`}).`)
        if (current())
          this.#become(exit.expected ? { phase: 'off' } : { phase: 'failed', reason: reasonOf(exit) })
      },
      onLog: line => this.#ports.log(line),
    }
  }

  #become(state: KernelState): void {
    this.#state = state
    this.#ports.onState(state)
  }
}

/** Why a kernel ended on its own. */
export function reasonOf(exit: KernelExit): string {
  const how = exit.signal
    ? `was ended by ${exit.signal}`
    : exit.code === null
      ? 'ended'
      : `ended with code ${exit.code}`
  const last = exit.lastLines.at(-1)
  return `The kernel ${how}${last ? `: ${last}` : '.'}`
}
