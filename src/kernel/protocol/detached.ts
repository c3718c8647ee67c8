import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node'
import {
  Dialogue,
  type KernelClient,
  kernelArguments,
  kernelEnvironment,
  LAST_LINES,
  type LaunchOptions,
} from './client.ts'
import { LOG, READY } from './wire.ts'

export { launchKernel } from './client.ts'

/** Where a detached kernel is found again. To be kept where only the user can read it. */
export interface Rendezvous {
  pid: number
  /** A Unix socket in a folder of its own, or a named pipe of Windows. */
  socket: string
  /** Known to the kernel and to who may speak with it. */
  token: string
  /** Folder of the socket and of what the kernel prints. */
  folder: string
  /** The kernel's bundle: one of another version is not spoken with. */
  entry: string
}

export interface DetachedOptions extends LaunchOptions {
  /** Milliseconds for which the kernel waits for a client to come back: when nothing runs, and when something does. */
  patience: { idle: number; running: number }
}

/** Starts a kernel that outlives this process and can be attached to again. It never listens on a network port. */
export async function launchDetached(
  options: DetachedOptions,
): Promise<{ client: KernelClient; rendezvous: Rendezvous }> {
  // `mkdtemp` makes a folder that its owner alone may enter.
  const folder = await mkdtemp(join(tmpdir(), 'mirage-'))
  const socket =
    process.platform === 'win32' ? `\\\\.\\pipe\\mirage-${randomUUID()}` : join(folder, 'kernel.sock')
  const token = randomBytes(32).toString('hex')
  const printed = openSync(join(folder, PRINTED), 'a', 0o600)
  const child = spawn(options.node, [...kernelArguments(options.entry), '--listen'], {
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', printed],
    env: kernelEnvironment(options),
    detached: true,
    windowsHide: true,
  })
  closeSync(printed)
  child.stdin?.on('error', () => {})
  child.stdin?.end(JSON.stringify({ socket, token, folder, patience: options.patience }))
  try {
    await listening(child)
  } catch (cause) {
    const lines = await lastLines(folder)
    await rm(folder, { recursive: true, force: true })
    throw new Error(`The kernel did not start. ${lines.join('\n')}`, { cause })
  }
  const rendezvous: Rendezvous = { pid: child.pid ?? -1, socket, token, folder, entry: options.entry }
  return { client: await speak(rendezvous, options, child), rendezvous }
}

/**
 * Attaches to a detached kernel that still runs.
 *
 * @throws Error when it is gone, speaks another protocol, or has a client already
 */
export function attachKernel(
  rendezvous: Rendezvous,
  options: Pick<LaunchOptions, 'env' | 'onEvent' | 'onExit' | 'onLog'>,
): Promise<KernelClient> {
  return speak(rendezvous, options)
}

/** What the kernel prints, in its folder. */
const PRINTED = 'printed.txt'

async function speak(
  { pid, socket: address, token, folder }: Rendezvous,
  options: Pick<LaunchOptions, 'env' | 'onEvent' | 'onExit' | 'onLog'>,
  child?: ChildProcess,
): Promise<KernelClient> {
  const socket = await connected(address)
  const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket))
  const dialogue = new Dialogue(connection, options)
  connection.onRequest('alive', () => ({}))
  connection.onNotification(LOG, (line: string) => options.onLog(line))
  const ended = async (code: number | null, signal: NodeJS.Signals | null) => {
    const lines = await lastLines(folder)
    dialogue.end({ code, signal, lastLines: lines })
  }
  if (child) {
    child.on('exit', (code, signal) => {
      void ended(code, signal).then(() => rm(folder, { recursive: true, force: true }))
    })
  }
  socket.on('error', () => {})
  socket.on('close', () => {
    // The process that started the kernel soon hears how it ended, and that says more.
    if (child && child.exitCode === null && child.signalCode === null)
      setTimeout(ended, EXIT_WITHIN, null, null)
    else if (!child) void ended(null, null)
  })
  const client = dialogue.client({
    pid,
    token,
    kill: () => {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    },
    leave: () => {
      child?.removeAllListeners('exit')
      child?.unref()
      socket.end()
    },
  })
  client.catch(() => socket.destroy())
  return client
}

/** Milliseconds between the end of a connection and the news of the process's end. */
const EXIT_WITHIN = 1000

function connected(address: string): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect(address)
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      done(socket)
    })
  })
}

/** Resolves when the kernel has said that it listens. */
function listening(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', code => fail(new Error(`It ended with code ${code}.`)))
    child.stdout?.once('data', (said: Buffer) => {
      child.removeAllListeners('error')
      child.removeAllListeners('exit')
      // Nothing else comes; an open pipe would be one more thing that ends with this process.
      child.stdout?.destroy()
      if (said.toString() === READY) done()
      else fail(new Error(said.toString()))
    })
  })
}

async function lastLines(folder: string): Promise<string[]> {
  try {
    return (await readFile(join(folder, PRINTED), 'utf8')).trimEnd().split('\n').slice(-LAST_LINES)
  } catch {
    return []
  }
}
