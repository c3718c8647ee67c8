import { ErrorCodes, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node'
import * as z from 'zod'
import { MirageError } from '../errors.ts'
import type { Kernel } from '../kernel.ts'
import { type Replies, type RequestName, requests } from '../protocol/messages.ts'

/** Answers every request that comes over a connection. What is malformed, and a bug, is an error with an explanation. */
export function answerAll(connection: MessageConnection, kernel: Kernel): void {
  for (const name of Object.keys(requests) as RequestName[]) {
    connection.onRequest(name, (params: unknown): Promise<unknown> => answer(kernel, name, params))
  }
}

async function answer<K extends RequestName>(kernel: Kernel, name: K, params: unknown): Promise<Replies[K]> {
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
