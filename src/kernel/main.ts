import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createMessageConnection,
  ErrorCodes,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node'
import { z } from 'zod'
import { MirageError } from './errors.ts'
import { Kernel } from './kernel.ts'
import { EVENT, type Replies, type RequestName, requests } from './protocol/messages.ts'

/**
 * Entry of the kernel process: JSON-RPC over standard input and output. Whatever else is printed goes to standard
 * error, since standard output belongs to the protocol.
 */
console.log = console.info = console.debug = console.error

const here = dirname(fileURLToPath(import.meta.url))
const connection = createMessageConnection(
  new StreamMessageReader(process.stdin),
  new StreamMessageWriter(process.stdout),
)
const kernel = new Kernel({
  computeEntry: join(here, 'compute.mjs'),
  assets: here,
  installation: [process.execPath, '--enable-source-maps', join(here, 'cli.mjs')],
  emit: event => void connection.sendNotification(EVENT, event),
  log: line => console.error(line),
})

for (const name of Object.keys(requests) as RequestName[]) {
  connection.onRequest(name, (params: unknown): Promise<unknown> => answer(name, params))
}

async function answer<K extends RequestName>(name: K, params: unknown): Promise<Replies[K]> {
  try {
    const parsed = requests[name].safeParse(params)
    if (!parsed.success) {
      throw new MirageError({
        code: 'request-malformed',
        message: `The request "${name}" is malformed: ${z.prettifyError(parsed.error)}`,
        remedy: 'The client and the kernel are of different versions: restart both.',
      })
    }
    return (await kernel.handle(name, parsed.data as never)) as Replies[K]
  } catch (error) {
    if (error instanceof MirageError)
      throw new ResponseError(ErrorCodes.InvalidRequest, error.message, error.info)
    const message = kernel.redact(error instanceof Error ? (error.stack ?? error.message) : String(error))
    console.error(message)
    throw new ResponseError(ErrorCodes.InternalError, message.split('\n')[0], {
      code: 'internal',
      message: message.split('\n')[0],
    })
  }
}

/** The client is gone when its end of the pipe closes: a kernel never outlives it. */
function end(): void {
  kernel.close()
  process.exit(0)
}
connection.onClose(end)
process.stdin.on('end', end)
process.on('SIGTERM', end)
process.on('SIGINT', () => {
  // Ctrl-C reaches the whole process group; the client decides what it means.
})
if (!existsSync(join(here, 'compute.mjs')))
  console.error(`The compute bundle is missing beside ${here}: run the build.`)
connection.listen()
