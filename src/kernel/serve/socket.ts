import { timingSafeEqual } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node'
import * as z from 'zod'
import { Attendance } from '../attendance.ts'
import { Kernel, type KernelOptions } from '../kernel.ts'
import { EVENT, requests } from '../protocol/messages.ts'
import { LOG, OCCUPIED, READY } from '../protocol/wire.ts'
import { answerAll } from './answer.ts'

/** What the client that starts a kernel writes to its standard input. */
const listenOptions = z.object({
  /** A Unix socket in a folder that only its owner can open, or a named pipe of Windows. */
  socket: z.string(),
  /** Whoever connects has to know it, as a named pipe can be opened by others. */
  token: z.string().min(32),
  /** The folder of the socket, removed at the end. */
  folder: z.string(),
  /** Milliseconds. */
  patience: z.object({ idle: z.number().positive(), running: z.number().nonnegative() }),
})

/** A second client is turned away while the first answers within this many milliseconds. */
const ALIVE_WITHIN = 2000

/**
 * One client at a time, over a socket that it may leave and come back to: what runs goes on meanwhile. Nobody but the
 * user's own processes can open the socket, and nobody without the token is answered.
 */
export async function serveSocket(
  base: Pick<KernelOptions, 'computeEntry' | 'assets' | 'installation'>,
): Promise<void> {
  const {
    socket: address,
    token,
    folder,
    patience,
  } = listenOptions.parse(JSON.parse(await text(process.stdin)))
  let client: MessageConnection | undefined
  // A client that has just gone is not told, which is no error.
  const tell = (what: string, params: unknown) => void client?.sendNotification(what, params).catch(() => {})
  const kernel: Kernel = new Kernel({
    ...base,
    emit: event => tell(EVENT, event),
    log: line => {
      console.error(line)
      tell(LOG, line)
    },
    visit: () => attendance.visit,
    settled: () => attendance.settled(),
  })
  kernel.warm()
  const end = () => {
    kernel.close()
    process.exit(0)
  }
  const attendance: Attendance = new Attendance(patience, {
    get busy() {
      return kernel.busy
    },
    interrupt: () => kernel.interruptAll(),
    end,
  })
  process.on('SIGTERM', end)
  process.on('exit', code => {
    // After a crash the client reads there what was printed.
    if (code === 0) rmSync(folder, { recursive: true, force: true })
  })

  const leave = (connection: MessageConnection) => {
    if (client !== connection) return
    client = undefined
    attendance.left()
  }

  const greet = (socket: Socket) => {
    socket.on('error', () => socket.destroy())
    const connection = createMessageConnection(
      new SocketMessageReader(socket),
      new SocketMessageWriter(socket),
    )
    connection.onClose(() => leave(connection))
    connection.onRequest('initialize', async (params: unknown) => {
      const { data } = requests.initialize.safeParse(params)
      if (!data || !same(data.token ?? '', token)) {
        socket.destroy()
        throw new ResponseError(ErrorCodes.InvalidRequest, 'This kernel is not yours.')
      }
      if (client && client !== connection && (await answers(client))) {
        throw new ResponseError(ErrorCodes.InvalidRequest, OCCUPIED, { code: OCCUPIED, message: OCCUPIED })
      }
      client?.dispose()
      client = connection
      attendance.arrived()
      answerAll(connection, kernel)
      return kernel.handle('initialize', data)
    })
    connection.listen()
  }
  createServer(greet).listen(address, () => process.stdout.write(READY))
}

function same(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Whether a client that seems to be there really is. */
async function answers(client: MessageConnection): Promise<boolean> {
  const late = new Promise<boolean>(done => setTimeout(done, ALIVE_WITHIN, false))
  const reply = client.sendRequest('alive').then(
    () => true,
    () => false,
  )
  return Promise.race([reply, late])
}
