import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { MirageError } from '../errors.ts'
import type { ProviderName, ProviderState } from '../models/providers.ts'
import type { Compute, Lane, RunOptions } from './compute.ts'
import type { JobName, JobParams, JobProgress, JobResult } from './jobs/types.ts'
import { nativePackages } from './packages.ts'
import type { FailedJob, FromCompute, ToCompute } from './wire.ts'

interface Task {
  storeRoot: string
  job: string
  params: unknown
  lane: Lane
  signal: AbortSignal
  onProgress?(progress: unknown): void
  resolve(result: never): void
  reject(error: unknown): void
}

interface Worker {
  child: ChildProcess
  lane: Lane
  task?: Task & { id: number; killTimer?: NodeJS.Timeout; release(): void }
  /** Last lines of stderr, to explain a crash. */
  stderr: string
  /** Resident memory in bytes, as the process said last. */
  rss: number
}

export interface PoolOptions {
  /** Entry module of the compute process. */
  entry: string
  /** Environment of the processes; the pool's own without secrets by default. */
  env?: Record<string, string>
  /** Node binary; the pool's own by default. */
  node?: string
  /** After an abort, a job that has not stopped is killed. */
  graceMilliseconds?: number
  log?(line: string): void
}

export interface PoolVitals {
  /** The provider that a step chose last. */
  provider?: ProviderName
  /** Providers that were tried, apart from those that are being tried. */
  probed: ProviderState[]
  /** Resident memory of all processes in bytes, as they said last. */
  rss: number
}

const LANE_SIZE: Record<Lane, number> = { device: 1, cpu: Math.max(1, availableParallelism()), alone: 1 }

/**
 * The compute processes of one kernel. Processes are started when first needed, live on between jobs (sessions and
 * features stay warm) and are replaced when they die.
 */
export class ComputePool {
  readonly #options: PoolOptions
  readonly #workers: Worker[] = []
  readonly #queue: Task[] = []
  readonly #probed = new Map<ProviderName, Promise<ProviderState>>()
  #chosen: ProviderName | undefined
  #packages: Record<string, string> | undefined
  #nextId = 1
  #closed = false
  /** Largest resident set that a finished job reported, in bytes. */
  peakRss = 0

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** The pool over one store. */
  over(storeRoot: string): Compute {
    return {
      run: (job, params, options) => this.#enqueue(storeRoot, job, params, options),
      probed: this.#probed,
      chosen: provider => {
        this.#chosen = provider
      },
      packages: () => {
        this.#packages ??= nativePackages(this.#options.entry)
        return this.#packages
      },
    }
  }

  #enqueue<K extends JobName>(
    storeRoot: string,
    job: K,
    params: JobParams<K>,
    options: RunOptions<K>,
  ): Promise<JobResult<K>> {
    return new Promise((resolve, reject) => {
      if (options.signal.aborted) return reject(options.signal.reason)
      if (this.#closed) return reject(died(job, 'it was shut down', ''))
      const onProgress =
        options.onProgress && ((progress: unknown) => options.onProgress?.(progress as JobProgress<K>))
      this.#queue.push({
        storeRoot,
        job,
        params,
        lane: options.lane ?? 'device',
        signal: options.signal,
        onProgress,
        resolve,
        reject,
      })
      this.#pump()
    })
  }

  /** Starts a process of a lane before there is work for it, unless there is one. */
  warm(lane: Lane): void {
    if (!this.#closed && !this.#workers.some(worker => worker.lane === lane)) this.#spawn(lane)
  }

  /** Kills every process; jobs that run or wait fail with `compute-died`. */
  close(): void {
    this.#closed = true
    for (const task of this.#queue.splice(0)) task.reject(died(task.job, 'it was shut down', ''))
    for (const worker of [...this.#workers]) worker.child.kill('SIGKILL')
  }

  /** What the pool knows of its machine now; starts nothing. */
  async vitals(): Promise<PoolVitals> {
    return {
      provider: this.#chosen,
      probed: await settled(this.#probed.values()),
      rss: this.#workers.reduce((sum, { rss }) => sum + rss, 0),
    }
  }

  /** Process ids, for tests and diagnostics. */
  get pids(): number[] {
    return this.#workers.flatMap(({ child }) => child.pid ?? [])
  }

  #pump(): void {
    for (const task of [...this.#queue]) {
      if (this.#closed) return
      const idle = this.#workers.find(worker => worker.lane === task.lane && !worker.task)
      const started = this.#workers.filter(worker => worker.lane === task.lane).length
      const worker = idle ?? (started < LANE_SIZE[task.lane] ? this.#spawn(task.lane) : undefined)
      if (!worker) continue
      this.#queue.splice(this.#queue.indexOf(task), 1)
      this.#start(worker, task)
    }
  }

  #start(worker: Worker, task: Task): void {
    if (task.signal.aborted) {
      task.reject(task.signal.reason)
      return this.#pump()
    }
    const id = this.#nextId++
    const onAbort = () => {
      this.#tell(worker, { type: 'abort', id })
      const kill = () => worker.child.kill('SIGKILL')
      if (worker.task) worker.task.killTimer = setTimeout(kill, this.#options.graceMilliseconds ?? 900)
    }
    task.signal.addEventListener('abort', onAbort, { once: true })
    worker.task = { ...task, id, release: () => task.signal.removeEventListener('abort', onAbort) }
    this.#tell(worker, { type: 'run', id, job: task.job, params: task.params, storeRoot: task.storeRoot })
  }

  #tell(worker: Worker, message: ToCompute): void {
    // A process that died between two messages is reported by its `exit` event.
    if (worker.child.connected) worker.child.send(message, () => {})
  }

  #spawn(lane: Lane): Worker {
    const child = fork(this.#options.entry, [], {
      execPath: this.#options.node ?? process.execPath,
      env: this.#options.env,
      // Large typed arrays and dates cross as they are.
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const worker: Worker = { child, lane, stderr: '', rss: 0 }
    this.#workers.push(worker)
    const listen = (chunk: Buffer) => {
      worker.stderr = (worker.stderr + chunk).slice(-4000)
      this.#options.log?.(`compute ${child.pid}: ${String(chunk).trimEnd()}`)
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.on('message', message => this.#receive(worker, message as FromCompute))
    child.on('error', error => this.#end(worker, error.message))
    child.on('exit', (code, signal) =>
      this.#end(worker, signal ? `it was killed (${signal})` : `it ended with code ${code}`),
    )
    return worker
  }

  #receive(worker: Worker, message: FromCompute): void {
    const { task } = worker
    if (!task || message.id !== task.id) return
    if (message.type !== 'failed') worker.rss = message.rss
    if (message.type === 'progress') return task.onProgress?.(message.progress)
    this.#finish(worker)
    if (worker.lane === 'alone') this.#retire(worker)
    if (message.type === 'done') {
      this.peakRss = Math.max(this.peakRss, message.rss)
      task.resolve(message.result as never)
    } else {
      task.reject(revive(message.error, task.signal))
    }
    this.#pump()
  }

  #finish(worker: Worker): void {
    clearTimeout(worker.task?.killTimer)
    worker.task?.release()
    worker.task = undefined
  }

  #retire(worker: Worker): void {
    this.#workers.splice(this.#workers.indexOf(worker), 1)
    worker.child.kill('SIGKILL')
  }

  #end(worker: Worker, how: string): void {
    const at = this.#workers.indexOf(worker)
    if (at < 0) return
    this.#workers.splice(at, 1)
    const { task } = worker
    this.#finish(worker)
    task?.reject(task.signal.aborted ? task.signal.reason : died(task.job, how, worker.stderr))
    if (!this.#closed) this.#pump()
  }
}

/** The values of those promises that have one already. */
async function settled<T>(promises: Iterable<Promise<T>>): Promise<T[]> {
  const open = Symbol()
  const each = [...promises].map(promise => Promise.race([promise, open]).catch(() => open))
  return (await Promise.all(each)).filter(value => value !== open) as T[]
}

function revive(error: FailedJob, signal: AbortSignal): unknown {
  if (error.kind === 'mirage') return new MirageError(error.info)
  if (error.kind === 'aborted') return signal.reason
  const bug = new Error(error.message)
  if (error.stack) bug.stack = error.stack
  return bug
}

function died(job: string, how: string, stderr: string): MirageError {
  const last = stderr.trim().split('\n').slice(-3).join(' ')
  const lasting = `The compute process ended while it ran "${job}": ${how}.`
  return new MirageError({
    code: 'compute-died',
    message: `${lasting}${last ? ` Last words: ${last}` : ''}`,
    lasting,
    remedy:
      'Nothing that was finished is lost: run the cell again. If it happens again, the machine may be out of memory; use a smaller tile or fewer images at once.',
  })
}
