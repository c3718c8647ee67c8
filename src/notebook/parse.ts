import type { Cell, StudyDocument } from './document.ts'
import { FormatError } from './errors.ts'
import { isNewerFormat, readFrontMatter } from './front-matter.ts'
import { type CodeLayout, type FrameLayout, isProseMark, type ProseLayout } from './layout.ts'
import { advance, closesFence, fenceOpening, START } from './syntax/blocks.ts'
import { type CellInfo, readInfo } from './syntax/info.ts'
import { commonEnd, isBlank, joinBody, joinLines, type Line, splitLines } from './syntax/lines.ts'

/**
 * Reads the text of a `*.mirage.md` file. `printStudy(parseStudy(text)) === text` for every text that it takes; ids
 * are left as they are written (see `repairIds`).
 *
 * A file of a newer format whose cells can't be read becomes a single cell of prose.
 *
 * @throws FormatError with line, column and remedy: front matter that is open or wrong, a cell that is not closed or
 *   whose info string is faulty
 */
export function parseStudy(text: string): StudyDocument {
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const lines = splitLines(text.slice(bom.length))
  const close = frontMatterClose(lines)
  const body = close === undefined ? undefined : joinBody(lines.slice(1, close))
  const meta = readFrontMatter(body?.text)
  const first = close === undefined ? 0 : close + 1
  const { cells, tail } = readCells(lines, first, isNewerFormat(meta))
  return {
    ...(body && { frontMatter: body.text }),
    meta,
    cells,
    eol: commonEnd(lines),
    layout: {
      bom,
      ...(close !== undefined && {
        open: joinLines(lines.slice(0, 1)),
        end: body?.end ?? '',
        close: joinLines(lines.slice(close, close + 1)),
      }),
      tail,
    } satisfies Partial<FrameLayout>,
  }
}

function frontMatterClose(lines: readonly Line[]): number | undefined {
  const rule = /^---[ \t]*$/
  if (!lines.length || !rule.test(lines[0].text)) return undefined
  const close = lines.findIndex((line, i) => i > 0 && rule.test(line.text))
  if (close !== -1) return close
  throw new FormatError({
    code: 'front-matter-open',
    message: 'The front matter that starts here has no end.',
    remedy: 'Close it with a line `---`.',
    at: { line: 1, column: 1 },
  })
}

function readCells(lines: readonly Line[], first: number, newer: boolean): { cells: Cell[]; tail: string } {
  const reader = new CellReader(lines)
  try {
    return reader.read(first)
  } catch (error) {
    if (newer && error instanceof FormatError) return new CellReader(lines).readAsProse(first)
    throw error
  }
}

/** Cuts lines into cells. Every line goes into exactly one cell's text or layout, or into the tail. */
class CellReader {
  private readonly lines: readonly Line[]
  private readonly cells: Cell[] = []
  /** Lines of prose since the last cell, and the mark in front of them. */
  private prose: Line[] = []
  private mark: { before: string; line: string } | undefined

  constructor(lines: readonly Line[]) {
    this.lines = lines
  }

  read(first: number): { cells: Cell[]; tail: string } {
    let block = START
    for (let i = first; i < this.lines.length; i++) {
      const line = this.lines[i]
      const info = block.kind === 'text' ? this.cellInfo(line.text, i) : undefined
      if (info) {
        i = this.readCode(i, info)
        block = START
        continue
      }
      if (block.kind === 'text' && isProseMark(line.text)) {
        const before = this.endProse()
        this.mark = { before, line: line.text + line.end }
        block = START
        continue
      }
      this.prose.push(line)
      block = advance(block, line.text)
    }
    return { cells: this.cells, tail: this.endProse() }
  }

  readAsProse(first: number): { cells: Cell[]; tail: string } {
    this.prose = this.lines.slice(first)
    return { cells: this.cells, tail: this.endProse() }
  }

  private cellInfo(line: string, index: number): CellInfo | undefined {
    const opening = fenceOpening(line)
    if (opening?.indent !== 0) return undefined
    const reading = readInfo(opening.info)
    if (reading.as === 'faulty')
      throw new FormatError({
        code: 'cell-info',
        message: `The info string of this cell ${reading.fault.message}.`,
        remedy: 'Write it as `<language> mirage id=NAME`, with `name=value` for anything else.',
        at: { line: index + 1, column: opening.fence.length + reading.fault.index + 1 },
      })
    return reading.as === 'cell' ? reading.info : undefined
  }

  /** Reads the cell that opens at `open`, and returns the index of its closing line. */
  private readCode(open: number, info: CellInfo): number {
    const opening = fenceOpening(this.lines[open].text)!
    const close = this.findClose(open, opening.fence)
    const body = joinBody(this.lines.slice(open + 1, close))
    const before = this.endProse()
    this.cells.push({
      kind: info.kind,
      id: info.id ?? '',
      language: info.language,
      attributes: info.attributes,
      text: body.text,
      line: open + 2,
      layout: {
        before,
        fence: opening.fence,
        info: opening.info,
        infoEnd: this.lines[open].end,
        end: body.end,
        close: joinLines(this.lines.slice(close, close + 1)),
      } satisfies CodeLayout,
    })
    return close
  }

  private findClose(open: number, fence: string): number {
    for (let i = open + 1; i < this.lines.length; i++) {
      if (closesFence(fence, this.lines[i].text)) return i
      if (hidesCell(fence, this.lines[i].text)) throw notClosed(open, fence, i)
    }
    throw notClosed(open, fence)
  }

  /** Ends the prose so far as a cell, if there is any; returns the blank lines behind it, which belong to what follows. */
  private endProse(): string {
    const prose = this.prose
    const mark = this.mark
    this.prose = []
    this.mark = undefined
    const first = prose.findIndex(line => !isBlank(line))
    if (first === -1) {
      if (mark) this.pushProse(mark, '', '', '')
      return joinLines(prose)
    }
    const last = prose.findLastIndex(line => !isBlank(line))
    const { text, end } = joinBody(prose.slice(first, last + 1))
    this.pushProse(mark, joinLines(prose.slice(0, first)), text, end)
    return joinLines(prose.slice(last + 1))
  }

  private pushProse(
    mark: { before: string; line: string } | undefined,
    blank: string,
    text: string,
    end: string,
  ): void {
    const layout = mark
      ? { before: mark.before, mark: mark.line, gap: blank, end }
      : { before: blank, mark: '', gap: '', end }
    this.cells.push({ kind: 'prose', text, layout: layout satisfies ProseLayout })
  }
}

/** Whether a line inside a cell looks like the start of the next one, as it does when the closing fence was forgotten. */
export function hidesCell(fence: string, line: string): boolean {
  const opening = fenceOpening(line)
  if (opening?.indent !== 0 || opening.fence[0] !== fence[0] || opening.fence.length < fence.length)
    return false
  return readInfo(opening.info).as !== 'other'
}

function notClosed(open: number, fence: string, next?: number): FormatError {
  return new FormatError({
    code: 'cell-not-closed',
    message:
      next === undefined
        ? 'The cell that starts here is not closed.'
        : `The cell that starts here is not closed before line ${next + 1}, where another starts.`,
    remedy:
      next === undefined
        ? `Add a line \`${fence}\` behind its last line.`
        : `Add a line \`${fence}\` in front of line ${next + 1}; if that line is text of the cell, open and close the cell with \`${fence[0].repeat(fence.length + 1)}\`.`,
    at: { line: open + 1, column: 1 },
  })
}
