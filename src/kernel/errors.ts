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

/** The nearest of `known` to `word` by edit distance, when near enough to be a slip of the keyboard. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, substitute)
    }
    previous = row
  }
  return previous[b.length]
}
