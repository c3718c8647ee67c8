import type { ErrorInfo } from '../errors.ts'

export interface KernelExit {
  code: number | null
  signal: NodeJS.Signals | null
  /** True when this client asked for it. */
  expected: boolean
  /** Last lines of what it printed. */
  lastLines: string[]
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

/**
 * Whether an error says that the kernel is gone. By its name, since the extension loads the client of the kernel as a
 * bundle of its own, with classes of its own.
 */
export function saysGone(error: unknown): error is KernelGoneError {
  return error instanceof Error && error.name === 'KernelGoneError'
}
