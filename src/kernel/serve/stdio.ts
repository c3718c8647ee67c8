import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { Kernel, type KernelOptions } from '../kernel.ts'
import { EVENT } from '../protocol/messages.ts'
import { answerAll } from './answer.ts'

/** One client, over standard input and output. The kernel never outlives it. */
export function serveStdio(options: Pick<KernelOptions, 'computeEntry' | 'assets' | 'installation'>): void {
  const connection = createMessageConnection(
    new StreamMessageReader(process.stdin),
    new StreamMessageWriter(process.stdout),
  )
  const kernel = new Kernel({
    ...options,
    emit: event => void connection.sendNotification(EVENT, event),
    log: line => console.error(line),
  })
  answerAll(connection, kernel)
  const end = () => {
    kernel.close()
    process.exit(0)
  }
  connection.onClose(end)
  process.stdin.on('end', end)
  process.on('SIGTERM', end)
  connection.listen()
}
