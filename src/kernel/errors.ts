export { nearest } from '../notebook/nearest.ts'

/** Position in a cell's text: 1-based line and column. */
export interface CellPosition {
  line: number
  column: number
}

/** What went wrong, as data: it crosses the protocol and is shown the same everywhere. */
export interface ErrorInfo {
  /** Stable, kebab-case; tests and quick fixes key on it. */
  code: string
  /** What is wrong, in one sentence that names the thing. */
  message: string
  /** What to do about it. */
  remedy?: string
  /** Id of the cell. */
  cell?: string
  at?: CellPosition
  /** US dollars that the work would cost, where it stopped to be agreed to. */
  cost?: number
  /** The message without words that differ from time to time (what a program said last), for results. */
  lasting?: string
}

/** An error that a person can act on. Everything else that is thrown is a bug and shown as one. */
export class MirageError extends Error {
  readonly info: ErrorInfo
  constructor(info: ErrorInfo, options?: ErrorOptions) {
    super(info.message, options)
    this.name = 'MirageError'
    this.info = info
  }
}

/** What is told of anything that was thrown; what is no error for a person is a bug. */
export function infoOf(error: unknown): ErrorInfo {
  if (error instanceof MirageError) return error.info
  const { message } = error instanceof Error ? error : { message: String(error) }
  return {
    code: 'internal',
    message: `Something in Mirage itself went wrong: ${message}`,
    remedy: 'Please report it with the log (Output > Mirage, or the lines above).',
  }
}
