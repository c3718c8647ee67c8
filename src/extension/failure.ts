import type { ErrorInfo } from '../kernel/protocol/messages.ts'

/** A failure that a person can act on, in the words that cells, notifications and the log show. */
export class Failure extends Error {
  readonly info: ErrorInfo
  constructor(info: ErrorInfo, options?: ErrorOptions) {
    super(info.message, options)
    this.name = 'Failure'
    this.info = info
  }
}

/** The information of an error, whichever side of the wire it comes from; anything else is a bug and shown as one. */
export function infoOf(error: unknown): ErrorInfo {
  if (error instanceof Error && 'info' in error) return error.info as ErrorInfo
  return {
    code: 'internal',
    message: `Something in Mirage itself went wrong: ${error instanceof Error ? error.message : String(error)}`,
    remedy: 'Please report it with the log (command "Mirage: Show Log").',
  }
}
