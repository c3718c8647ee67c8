import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import {
  createMessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node'
import type { ErrorInfo } from '../errors.ts'
import type { CellEvent, Replies, RequestName, RequestParams } from './messages.ts'
import { EVENT, PROTOCOL_VERSION } from './wire.ts'

export interface LaunchOptions {
  /** Node binary that runs the kernel and its compute processes; a real one, never Electron's. */
  node: string
  /** The kernel's bundle. */
  entry: string
  cwd: string
  /** Keys and endpoints of the user; passed in memory, never on the command line. */
  env?: Record<string, string>
  onEvent(event: CellEvent): void
  onExit(info: KernelExit): void
  /** A line that the kernel or a native library printed. */
  onLog(line: string): void
}

export interface KernelExit {
  code: number | null
  signal: NodeJS.Signals | null
  /** True when this client asked for it. */
  expected: boolean
  /** Last lines of what it printed. */
  lastLines: string[]
}

export interface KernelClient {
  readonly pid: number
  readonly info: Replies['initialize']
  /** Rejects with `KernelRequestError` for an error of the kernel, and with `KernelGoneError` when it has died. */
  request<K extends RequestName>(name: K, params: RequestParams<K>): Promise<Replies[K]>
  /** Asks the kernel to end, and kills it if it does not within two seconds. */
  dispose(): Promise<void>
  kill(): void
}

/** An error that the kernel answered with. */
export class KernelRequestError extends Error {
  readonly info: ErrorInfo
  constructor(info: ErrorInfo) {
    super(info.message)
    this.name = 'KernelRequestError'
    this.info = info
  }
}

/** The kernel process ended before it answered. */
export class KernelGoneError extends Error {
  readonly exit: KernelExit
  constructor(exit: KernelExit) {
    super(`The kernel ended (${exit.signal ?? `code ${exit.code}`}).`)
    this.name = 'KernelGoneError'
    this.exit = exit
  }
}

/** Starts a kernel process and speaks JSON-RPC with it over its standard input and output. */
export async function launchKernel(options: LaunchOptions): Promise<KernelClient> {
  const child = spawn(options.node, ['--enable-source-maps', options.entry], {
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    // A judge's answers are written through to the disk, many at a time; Node's 4 threads would queue them.
    env: { UV_THREADPOOL_SIZE: '16', ...withoutElectron(process.env) },
    windowsHide: true,
  })
  const lastLines: string[] = []
  let asked = false
  let exit: KernelExit | undefined
  const gone = Promise.withResolvers<KernelExit>()

  createInterface({ input: child.stderr }).on('line', line => {
    lastLines.push(line)
    if (lastLines.length > 20) lastLines.shift()
    options.onLog(line)
  })
  const end = (code: number | null, signal: NodeJS.Signals | null) => {
    if (exit) return
    exit = { code, signal, expected: asked, lastLines }
    connection.dispose()
    gone.resolve(exit)
    options.onExit(exit)
  }
  child.on('error', error => {
    lastLines.push(error.message)
    end(null, null)
  })
  child.on('exit', end)
  child.stdin.on('error', () => {})

  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  )
  connection.onNotification(EVENT, (event: CellEvent) => options.onEvent(event))
  connection.listen()

  async function request<K extends RequestName>(name: K, params: RequestParams<K>): Promise<Replies[K]> {
    if (exit) throw new KernelGoneError(exit)
    const answer = connection.sendRequest<Replies[K]>(name, params).catch((error: unknown) => {
      if (error instanceof ResponseError && error.data) throw new KernelRequestError(error.data as ErrorInfo)
      throw error
    })
    // A connection that is torn down may leave requests without an answer; the exit decides then.
    const lost = gone.promise.then(info => {
      throw new KernelGoneError(info)
    })
    answer.catch(() => {})
    lost.catch(() => {})
    try {
      return await Promise.race([answer, lost])
    } catch (error) {
      if (error instanceof KernelRequestError) throw error
      throw exit ? new KernelGoneError(exit) : error
    }
  }

  const info = await request('initialize', { protocol: PROTOCOL_VERSION, env: options.env ?? {} })
  return {
    pid: child.pid ?? -1,
    info,
    request,
    kill() {
      asked = true
      child.kill('SIGKILL')
    },
    async dispose() {
      if (exit) return
      asked = true
      request('shutdown', {}).catch(() => {})
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
      await gone.promise
      clearTimeout(timer)
    },
  }
}

function withoutElectron(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('ELECTRON_') && !name.startsWith('VSCODE_')),
  )
}
