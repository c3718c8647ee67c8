/** Position in the file: 1-based line, and 1-based column in UTF-16 code units. */
export interface FilePosition {
  line: number
  column: number
}

/** Something that a person can act on; the shape of the kernel's `ErrorInfo`, so that both are shown alike. */
export interface FormatProblem {
  /** Stable, kebab-case. */
  code: string
  message: string
  remedy: string
  at: FilePosition
}

/**
 * A text that isn't a study, a lock or an outputs index. Whoever catches it must not save over the file: nothing of
 * its text was taken in.
 */
export class FormatError extends Error {
  readonly info: FormatProblem
  constructor(info: FormatProblem, options?: ErrorOptions) {
    super(`${info.message} (line ${info.at.line}, column ${info.at.column})`, options)
    this.name = 'FormatError'
    this.info = info
  }
}
