import type { CellLayout } from './document.ts'

/** What `parse` leaves for `print`, as raw text with its line endings. `CellLayout` to everyone else. */
export interface FrameLayout {
  bom: string
  /** The opening `---` line, the ending of the front matter's last line, and the closing line. */
  open: string
  end: string
  close: string
  /** Blank lines behind the last cell. */
  tail: string
}

export interface ProseLayout {
  /** Blank lines in front. */
  before: string
  /** The line that keeps this cell apart from the prose before it, and the blank lines behind it. */
  mark: string
  gap: string
  /** Ending of the last line. */
  end: string
}

export interface CodeLayout {
  before: string
  fence: string
  info: string
  infoEnd: string
  /** Ending of the text's last line; empty where there is no line at all. */
  end: string
  /** The closing line. */
  close: string
}

/** Stands between two cells of prose, which would otherwise be read as one. It shows nothing when rendered. */
export const PROSE_MARK = '<!-- mirage cell -->'

export function isProseMark(line: string): boolean {
  return line.trimEnd() === PROSE_MARK
}

/** Each field is missing in a cell that was made rather than parsed, and `''` where the file has nothing there. */
export function layoutOf<Layout>(of: { layout?: CellLayout }): Partial<Layout> {
  return (of.layout ?? {}) as Partial<Layout>
}
