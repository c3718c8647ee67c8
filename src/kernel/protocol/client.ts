import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import {
  ConnectionError,
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node'
import type { ErrorInfo } from '../errors.ts'
import { type KernelExit, KernelGoneError, KernelRequestError } from './kernel-errors.ts'
import type { CellEvent, Replies, RequestName, RequestParams } from './messages.ts'
import { EVENT, PROTOCOL_VERSION } from './wire.ts'

export { type KernelExit, KernelGoneError, KernelRequestError } from './kernel-errors.ts'

export interface LaunchOptions {
  /** Node binary that runs the kernel and its compute processes; a real one, never Electron's. */
  node: string
  /** The kernel's bundle. */
  entry: string
  cwd: string
  /** Keys and endpoints of the user; passed in memory, never on the command line. */
  env?: Record<string, string>
  /** Folder in which Node keeps the bundles as it compiled them, which makes the next start faster; none without it. */
  codeCache?: string
  onEvent(event: CellEvent): void
  onExit(info: KernelExit): void
  /** A line that the kernel or a native library printed. */
  onLog(line: string): void
}

export interface KernelClient {
  readonly pid: number
  readonly info: Replies['initialize']
  /** Rejects with `KernelRequestError` for an error of the kernel, and with `KernelGoneError` when it has died. */
  request<K extends RequestName>(name: K, params: RequestParams<K>): Promise<Replies[K]>
  /** Asks the kernel to end, and kills it if it does not within two seconds. */
  dispose(): Promise<void>
  kill(): void
  /** Leaves without a word. A detached kernel goes on with what it runs; any other ends. */
  leave(): void
}

/** Starts a kernel process that ends with this one, and speaks JSON-RPC with it over its standard input and output. */
export async function launchKernel(options: LaunchOptions): Promise<KernelClient> {
  const child = spawn(options.node, kernelArguments(options.entry), {
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: kernelEnvironment(options),
    windowsHide: true,
  })
  const lastLines: string[] = []
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  )
  const dialogue = new Dialogue(connection, options)
  createInterface({ input: child.stderr }).on('line', line => {
    lastLines.push(line)
    if (lastLines.length > LAST_LINES) lastLines.shift()
    options.onLog(line)
  })
  child.on('error', error => {
    lastLines.push(error.message)
    dialogue.end({ code: null, signal: null, lastLines })
  })
  child.on('exit', (code, signal) => dialogue.end({ code, signal, lastLines }))
  child.stdin.on('error', () => {})
  return dialogue.client({
    pid: child.pid ?? -1,
    kill: () => void child.kill('SIGKILL'),
    leave: () => child.stdin.end(),
  })
}

export const LAST_LINES = 20

export const kernelArguments = (entry: string) => ['--enable-source-maps', entry]

/** Without what would make an Electron of Node. */
export function kernelEnvironment({ codeCache }: Pick<LaunchOptions, 'codeCache'>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('ELECTRON_') && !name.startsWith('VSCODE_'),
  )
  // A judge's answers are written through to the disk, many at a time; Node's 4 threads would queue them.
  return {
    UV_THREADPOOL_SIZE: '16',
    ...(codeCache !== undefined && { NODE_COMPILE_CACHE: codeCache }),
    ...Object.fromEntries(kept),
  }
}

/** Whether a request failed because nobody is at the other end. */
function saysBroken(error: unknown): boolean {
  if (error instanceof ConnectionError) return true
  const codes: number[] = [ErrorCodes.MessageWriteError, ErrorCodes.PendingResponseRejected]
  return error instanceof ResponseError && codes.includes(error.code)
}

/** Milliseconds that a kernel has to end when asked. */
const END_WITHIN = 2000

/** Requests and their answers over one connection, until the kernel is gone. */
export class Dialogue {
  readonly #connection: MessageConnection
  readonly #options: Pick<LaunchOptions, 'env' | 'onEvent' | 'onExit'>
  readonly #gone = Promise.withResolvers<KernelExit>()
  #exit: KernelExit | undefined
  #asked = false
  /** The kernel has answered, and the client has not left it. */
  #together = false

  constructor(connection: MessageConnection, options: Pick<LaunchOptions, 'env' | 'onEvent' | 'onExit'>) {
    this.#connection = connection
    this.#options = options
    connection.onNotification(EVENT, (event: CellEvent) => options.onEvent(event))
    connection.listen()
  }

  /** The kernel has ended, or cannot be reached any more. */
  end(exit: Omit<KernelExit, 'expected'>): void {
    if (this.#exit) return
    this.#exit = { ...exit, expected: this.#asked }
    this.#connection.dispose()
    this.#gone.resolve(this.#exit)
    if (this.#together) this.#options.onExit(this.#exit)
  }

  async request<K extends RequestName>(name: K, params: RequestParams<K>): Promise<Replies[K]> {
    if (this.#exit) throw new KernelGoneError(this.#exit)
    const lost = this.#gone.promise.then(info => {
      throw new KernelGoneError(info)
    })
    lost.catch(() => {})
    const answer = this.#send(name, params).catch(error => {
      // A connection breaks shortly before the end of the kernel is known, and only the end says why.
      if (saysBroken(error)) return lost
      throw error
    })
    answer.catch(() => {})
    // A connection that is torn down may leave requests without an answer.
    return Promise.race([answer, lost])
  }

  async #send<K extends RequestName>(name: K, params: RequestParams<K>): Promise<Replies[K]> {
    try {
      return await this.#connection.sendRequest<Replies[K]>(name, params)
    } catch (error) {
      if (error instanceof ResponseError && error.data) throw new KernelRequestError(error.data as ErrorInfo)
      throw error
    }
  }

  /** Introduces the client. Rejects when the kernel does not speak the same protocol. */
  async client(
    process: Pick<KernelClient, 'pid' | 'kill' | 'leave'> & { token?: string },
  ): Promise<KernelClient> {
    const { token } = process
    const info = await this.request('initialize', {
      protocol: PROTOCOL_VERSION,
      env: this.#options.env ?? {},
      ...(token !== undefined && { token }),
    })
    this.#together = true
    return {
      pid: process.pid,
      info,
      request: (name, params) => this.request(name, params),
      kill: () => {
        this.#asked = true
        process.kill()
      },
      leave: () => {
        this.#together = false
        process.leave()
      },
      dispose: async () => {
        if (this.#exit) return
        this.#asked = true
        this.request('shutdown', {}).catch(() => {})
        const timer = setTimeout(() => process.kill(), END_WITHIN)
        await this.#gone.promise
        clearTimeout(timer)
      },
    }
  }
}
