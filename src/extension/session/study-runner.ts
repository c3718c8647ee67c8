import type { KernelClient } from '../../kernel/protocol/client.ts'
import { saysGone } from '../../kernel/protocol/kernel-errors.ts'
import type {
  CellEvent,
  ErrorInfo,
  Outcome,
  RequestParams,
  RunReply,
  RunRequest,
  Study,
} from '../../kernel/protocol/messages.ts'
import { infoOf } from '../failure.ts'
import type { CellDrive } from '../run/cell-drive.ts'
import { type CellRun, IDLE, reduce, type Signal } from '../run/cell-run.ts'
import { type KernelHost, reasonOf } from './kernel-host.ts'

export type RunOptions = Partial<RunRequest['options']> & {
  /** The cluster that the long cells run on; this machine without it. */
  on?: 'slurm'
}

export type StageEvent = Extract<CellEvent, { type: 'stage' }>

export interface RunnerPorts {
  kernel: Pick<KernelHost, 'ensure' | 'kill'>
  /** The study as the editor has it now, saved or not. */
  snapshot(): Study
  drive(cell: string): Pick<CellDrive, 'perform'>
  /** Options of every run, as the settings have them now. */
  options(): RunOptions
  /** A cell's state or progress changed. */
  onCell(cell: string): void
  /** Nothing runs or waits any more. */
  onSettled(): void
  /** Milliseconds that an interrupt has before the kernel is killed. */
  grace: number
}

interface Request {
  run: string
  cells: readonly string[]
  /** Sends the request. */
  ask(client: KernelClient): Promise<RunReply | undefined>
  /** The kernel's name for this run, once its first event has come. */
  kernelRun?: string
  /** Hears the stages of a run that is stepped through. */
  onStage?: (event: StageEvent) => void
  interrupted: boolean
  finished: PromiseWithResolvers<void>
}

/**
 * Runs the cells of one study: requests are sent to the kernel one after the other, and what comes back moves each
 * cell's state. A failure, an interrupt or a dead kernel ends everything that waits.
 */
export class StudyRunner {
  readonly #ports: RunnerPorts
  readonly #cells = new Map<string, CellRun>()
  #queue: Request[] = []
  #current: Request | undefined
  #client: KernelClient | undefined
  #runs = 0

  constructor(ports: RunnerPorts) {
    this.#ports = ports
  }

  get busy(): boolean {
    return this.#current !== undefined
  }

  stateOf(cell: string): CellRun {
    return this.#cells.get(cell) ?? IDLE
  }

  /** Resolves when every one of the cells has ended, however it did. Cells that run or wait already are left alone. */
  run(
    cells: readonly string[],
    options: RunOptions = {},
    onStage?: (event: StageEvent) => void,
  ): Promise<void> {
    const fresh = cells.filter(cell => !isWaiting(this.stateOf(cell)))
    const { on, ...wishes } = { ...this.#ports.options(), ...options }
    const ask: Request['ask'] = async client => {
      const request = { study: this.#ports.snapshot(), cells: fresh, options: wishes }
      return on ? (await client.request('cluster', { request })).reply : client.request('run', request)
    }
    return this.#enqueue(fresh, ask, onStage)
  }

  /** Takes over a run that the kernel began for an earlier window; what it has told so far is told again. */
  follow(kernelRun: string, cells: readonly string[]): Promise<void> {
    return this.#enqueue(cells, client => client.request('follow', { run: kernelRun }))
  }

  #enqueue(cells: readonly string[], ask: Request['ask'], onStage?: Request['onStage']): Promise<void> {
    if (cells.length === 0) return Promise.resolve()
    const run = `run-${++this.#runs}`
    const finished = Promise.withResolvers<void>()
    for (const cell of cells) this.#signal(cell, { type: 'queued', run })
    this.#queue.push({ run, cells, ask, onStage, interrupted: false, finished })
    if (!this.#current) void this.#work()
    return finished.promise
  }

  /** Hears the kernel. Events of any run but the current one change nothing. */
  receive(event: CellEvent): void {
    const request = this.#current
    if (!request) return
    if (request.kernelRun === undefined && event.type === 'queued') request.kernelRun = event.run
    if (event.run !== request.kernelRun || event.type === 'queued') return
    if (event.type === 'stage' && event.waiting) {
      // Whoever stepped through it is gone.
      if (request.onStage) request.onStage(event)
      else void this.proceed({ action: 'continue' })
    }
    const { path: _path, cell, ...signal } = event
    this.#signal(cell, { ...signal, run: request.run })
  }

  /** Lets the stage that waits go on; does nothing when none does. */
  async proceed(order: Omit<RequestParams<'continue'>, 'run'>): Promise<void> {
    const run = this.#current?.kernelRun
    if (run !== undefined) await this.#client?.request('continue', { run, ...order })
  }

  /** Ends what waits at once and what runs as soon as the kernel can; a kernel that can't within the grace is killed. */
  async interrupt(): Promise<void> {
    this.#dropQueue()
    const request = this.#current
    if (!request) return
    request.interrupted = true
    const client = this.#client
    if (!client) return
    const timer = setTimeout(() => {
      if (this.#current === request) this.#ports.kernel.kill()
    }, this.#ports.grace)
    client.request('interrupt', { path: this.#ports.snapshot().path }).catch(() => {})
    await request.finished.promise
    clearTimeout(timer)
  }

  async #work(): Promise<void> {
    for (let request = this.#queue.shift(); request; request = this.#queue.shift()) {
      this.#current = request
      const failed = await this.#perform(request)
      this.#current = undefined
      request.finished.resolve()
      if (failed) this.#dropQueue()
    }
    this.#ports.onSettled()
  }

  /** True when the rest of the queue must not run. */
  async #perform(request: Request): Promise<boolean> {
    try {
      const reply = await this.#ask(request)
      return !reply || reply.failed.length > 0 || reply.cancelled.length > 0
    } catch (error) {
      this.#fail(request, error)
      return true
    } finally {
      this.#client = undefined
      this.#endAll(request, { kind: 'cancelled' })
    }
  }

  /** Undefined when the request was interrupted before the kernel was there. */
  async #ask(request: Request, again = true): Promise<RunReply | undefined> {
    this.#client = await this.#ports.kernel.ensure()
    if (request.interrupted) return undefined
    try {
      return await request.ask(this.#client)
    } catch (error) {
      // A kernel that had died unnoticed never took the request.
      const untaken = saysGone(error) && !error.exit.expected && !request.kernelRun
      if (untaken && again) return this.#ask(request, false)
      throw error
    }
  }

  /** The cell that was running, or else the first that waited, shows why; the others end without a mark. */
  #fail(request: Request, error: unknown): void {
    const restarted = saysGone(error) && error.exit.expected && !request.interrupted
    if (restarted) return
    const waiting = request.cells.filter(cell => isWaiting(this.stateOf(cell)))
    const culprit = waiting.find(cell => this.stateOf(cell).phase === 'running') ?? waiting[0]
    if (culprit === undefined) return
    this.#end(request, culprit, { kind: 'failed', error: explain(error, request.interrupted) })
  }

  #dropQueue(): void {
    const dropped = this.#queue
    this.#queue = []
    for (const request of dropped) {
      this.#endAll(request, { kind: 'cancelled' })
      request.finished.resolve()
    }
  }

  #endAll(request: Request, outcome: Outcome): void {
    for (const cell of request.cells) this.#end(request, cell, outcome)
  }

  #end(request: Request, cell: string, outcome: Outcome): void {
    this.#signal(cell, { type: 'ended', run: request.run, at: Date.now(), outcome })
  }

  #signal(cell: string, signal: Signal): void {
    const { state, commands } = reduce(this.stateOf(cell), signal)
    this.#cells.set(cell, state)
    if (commands.length > 0) void this.#ports.drive(cell).perform(commands)
    this.#ports.onCell(cell)
  }
}

function isWaiting(state: CellRun): boolean {
  return state.phase === 'queued' || state.phase === 'running'
}

function explain(error: unknown, interrupted: boolean): ErrorInfo {
  if (!saysGone(error)) return infoOf(error)
  if (interrupted) {
    return {
      code: 'interrupt-forced',
      message: 'The cell did not stop when asked, so its kernel was ended.',
      remedy: 'Run the cell again: a new kernel starts, and every finished result is still stored.',
    }
  }
  return {
    code: 'kernel-died',
    message: reasonOf(error.exit),
    remedy:
      'Run the cell again: a new kernel starts, and every finished result is still stored. If it dies again, see the command "Mirage: Show Log"; running out of memory is the usual reason.',
  }
}
