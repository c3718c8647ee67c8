import type { CodeCell, ProseCell, StudyDocument } from './document.ts'
import { type CodeLayout, type FrameLayout, layoutOf, PROSE_MARK, type ProseLayout } from './layout.ts'
import { hidesCell } from './parse.ts'
import { advance, type Block, closerOf, closesFence, START } from './syntax/blocks.ts'
import { rewriteInfo, writeInfo } from './syntax/info.ts'
import { splitLines } from './syntax/lines.ts'

/**
 * The text of a study. What was parsed and not changed comes out byte for byte; the rest is written so that parsing
 * it gives the same cells: longer fences around text that holds fences, a mark between neighbouring cells of prose, and
 * an end for a block that prose leaves open in front of another cell.
 */
export function printStudy(document: StudyDocument): string {
  const { eol, frontMatter, cells } = document
  const { bom = '', tail = '' } = layoutOf<FrameLayout>(document)
  const parts = [printFrontMatter(document)]
  const add = (part: string) => {
    const previous = parts.at(-1)!
    if (part !== '') parts.push(endLine(previous, eol).slice(previous.length) + part)
  }
  cells.forEach((cell, i) => {
    const before =
      layoutOf<ProseLayout | CodeLayout>(cell).before ?? (i === 0 && frontMatter === undefined ? '' : eol)
    const last = i === cells.length - 1
    const printed =
      cell.kind === 'prose'
        ? printProse(cell, eol, cells[i - 1]?.kind === 'prose', last)
        : printCode(cell, eol)
    add(before + printed)
  })
  add(tail)
  const text = parts.join('')
  // A rule in the first line would be read as the start of front matter.
  const guard =
    frontMatter === undefined && /^---[ \t]*(?:[\r\n]|$)/.test(text) ? `---${eol}---${eol}${eol}` : ''
  return bom + guard + text
}

function printFrontMatter({ frontMatter, eol, ...document }: StudyDocument): string {
  if (frontMatter === undefined) return ''
  const { open = `---${eol}`, end, close = `---${eol}` } = layoutOf<FrameLayout>(document)
  return open + (frontMatter === '' ? (end ?? '') : frontMatter + (end || eol)) + close
}

function printProse(cell: ProseCell, eol: string, afterProse: boolean, last: boolean): string {
  const layout = layoutOf<ProseLayout>(cell)
  const needsMark = afterProse || /^[ \t\r\n]*$/.test(cell.text)
  const mark = layout.mark || (needsMark ? PROSE_MARK + eol : '')
  if (cell.text === '') return mark
  const newMark = mark !== '' && !layout.mark
  const gap = newMark ? eol : (layout.gap ?? '')
  const text = last ? cell.text : closeBlocks(cell.text, eol)
  return endLine(mark, eol) + gap + text + (layout.end ?? eol)
}

/** Prose that opens a block and doesn't end it would take in the cells behind it. */
function closeBlocks(text: string, eol: string): string {
  const open = splitLines(text).reduce<Block>((block, line) => advance(block, line.text), START)
  const closer = closerOf(open)
  return closer === undefined ? text : endLine(text, eol) + closer
}

function printCode(cell: CodeCell, eol: string): string {
  const layout = layoutOf<CodeLayout>(cell)
  const body = cell.text === '' ? (layout.end ?? '') : cell.text + (layout.end || eol)
  if (layout.fence === undefined || !isFenceFor(layout.fence, cell.text)) {
    const fence = newFence(cell.text)
    return fence + writeInfo(cell) + eol + body + fence + eol
  }
  const info = layout.info === undefined ? writeInfo(cell) : rewriteInfo(layout.info, cell)
  return layout.fence + info + (layout.infoEnd || eol) + body + (layout.close ?? layout.fence + eol)
}

function isFenceFor(fence: string, text: string): boolean {
  return splitLines(text).every(line => !closesFence(fence, line.text) && !hidesCell(fence, line.text))
}

/** A backtick fence longer than any that starts a line of the text. */
function newFence(text: string): string {
  const runs = splitLines(text).map(line => /^[ \t]*(`{3,})/.exec(line.text)?.[1].length ?? 0)
  return '`'.repeat(Math.max(2, ...runs) + 1)
}

function endLine(text: string, eol: string): string {
  return text === '' || /[\r\n]$/.test(text) ? text : text + eol
}
