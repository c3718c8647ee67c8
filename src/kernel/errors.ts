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
