export type LineEnd = '' | '\n' | '\r\n' | '\r'

export interface Line {
  text: string
  /** Empty only for a last line without one. */
  end: LineEnd
}

/** Splits at the line endings of CommonMark (LF, CRLF, CR). Joining `text + end` gives the text back. */
export function splitLines(text: string): Line[] {
  const lines: Line[] = []
  const endings = /\r\n|\n|\r/g
  let start = 0
  for (let match = endings.exec(text); match; match = endings.exec(text)) {
    lines.push({ text: text.slice(start, match.index), end: match[0] as LineEnd })
    start = endings.lastIndex
  }
  if (start < text.length) lines.push({ text: text.slice(start), end: '' })
  return lines
}

export function joinLines(lines: readonly Line[]): string {
  return lines.map(line => line.text + line.end).join('')
}

/** A run of lines as a text without the ending of its last line, and that ending. No line and one blank line differ in `end`. */
export function joinBody(lines: readonly Line[]): { text: string; end: LineEnd } {
  const last = lines.at(-1)
  if (!last) return { text: '', end: '' }
  return { text: joinLines(lines.slice(0, -1)) + last.text, end: last.end }
}

export function isBlank(line: Line): boolean {
  return /^[ \t]*$/.test(line.text)
}

/** The ending that most lines have; new lines get it. */
export function commonEnd(lines: readonly Line[]): '\n' | '\r\n' {
  const crlf = lines.filter(line => line.end === '\r\n').length
  const others = lines.filter(line => line.end === '\n' || line.end === '\r').length
  return crlf > others ? '\r\n' : '\n'
}
