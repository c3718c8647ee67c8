/**
 * Where a line of Markdown stands: in running text, in a fenced block, or in an HTML block. Just enough of
 * CommonMark 0.31 (4.5 fenced code blocks, 4.6 HTML blocks, 5.2 list items) to tell which fences are at the top level
 * of the document.
 *
 * Cells open in column 1, which closes every list and quote; so all that lists do here is to own the fences that are
 * indented as far as their content. HTML blocks that end at a blank line (kinds 6 and 7) are read as running text:
 * cells folded into `<details>` stay cells.
 */
export type Block = TextBlock | FenceBlock | HtmlBlock

export interface TextBlock {
  kind: 'text'
  /** Column where the content of the open list item starts. */
  item?: number
  /** The line before was not blank, so that text further left may go on with the item's paragraph. */
  lazy: boolean
}

export interface FenceBlock {
  kind: 'fence'
  /** Run of backticks or tildes that opened it. */
  fence: string
  /** What follows the run on the opening line. */
  info: string
  indent: number
}

export interface HtmlBlock {
  kind: 'html'
  end: RegExp
  /** Written by `closerOf`. */
  closer: string
}

export const START: Block = { kind: 'text', lazy: false }

const OPENING = /^( {0,3})(?:(`{3,})([^`]*)|(~{3,})(.*))$/
const RAW_ELEMENTS = /<\/(?:script|pre|style|textarea)>/i
const HTML: { start: RegExp; end: RegExp; closer: string }[] = [
  { start: /^ {0,3}<(?:script|pre|style|textarea)(?=[ \t>]|$)/i, end: RAW_ELEMENTS, closer: '</pre>' },
  { start: /^ {0,3}<!--/, end: /-->/, closer: '-->' },
  { start: /^ {0,3}<\?/, end: /\?>/, closer: '?>' },
  { start: /^ {0,3}<![A-Za-z]/, end: />/, closer: '>' },
  { start: /^ {0,3}<!\[CDATA\[/, end: /\]\]>/, closer: ']]>' },
]
const THEMATIC_BREAK = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/
const LIST_MARKER = /^( {0,3})([-+*]|(\d{1,9})[.)])(?:([ \t]+)(\S.*)?|)$/

/** The block that is open after a line, given the one that was open before it. */
export function advance(block: Block, line: string): Block {
  if (block.kind === 'fence') return closesFence(block.fence, line) ? START : block
  if (block.kind === 'html') return block.end.test(line) ? START : block
  return advanceText(block, line)
}

/** Whether the line closes a fence: the same character, at least as long, nothing behind it. */
export function closesFence(fence: string, line: string): boolean {
  const match = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)
  return match !== null && match[1][0] === fence[0] && match[1].length >= fence.length
}

/** The line that ends an open block, or undefined where nothing is open. */
export function closerOf(block: Block): string | undefined {
  if (block.kind === 'fence') return block.fence
  return block.kind === 'html' ? block.closer : undefined
}

export function fenceOpening(line: string): FenceBlock | undefined {
  const match = OPENING.exec(line)
  if (!match) return undefined
  return { kind: 'fence', indent: match[1].length, fence: match[2] ?? match[4], info: match[3] ?? match[5] }
}

function advanceText(block: TextBlock, line: string): Block {
  if (/^[ \t]*$/.test(line)) return { ...block, lazy: false }
  const indent = indentOf(line)
  if (block.item !== undefined && indent >= block.item) return { ...block, lazy: true }
  const fence = fenceOpening(line)
  if (fence) return fence
  const html = HTML.find(row => row.start.test(line))
  if (html) return html.end.test(line) ? START : { kind: 'html', end: html.end, closer: html.closer }
  if (THEMATIC_BREAK.test(line)) return START
  const item = itemOffset(line, block)
  if (item !== undefined) return { kind: 'text', item, lazy: true }
  return { kind: 'text', item: block.lazy ? block.item : undefined, lazy: true }
}

/** Column where the content of a list item starts that this line opens. */
function itemOffset(line: string, before: TextBlock): number | undefined {
  const match = LIST_MARKER.exec(line)
  if (!match) return undefined
  const [, indent, marker, number, , content] = match
  const interruptsParagraph = before.lazy && before.item === undefined
  if (interruptsParagraph && (content === undefined || (number !== undefined && Number(number) !== 1)))
    return undefined
  const afterMarker = indent.length + marker.length
  if (content === undefined) return afterMarker + 1
  const contentColumn = columnOf(line, line.length - content.length)
  return contentColumn - afterMarker > 4 ? afterMarker + 1 : contentColumn
}

function indentOf(line: string): number {
  return columnOf(line, /^[ \t]*/.exec(line)![0].length)
}

/** 0-based column of an index, with tab stops every four columns. */
function columnOf(line: string, index: number): number {
  let column = 0
  for (let i = 0; i < index; i++) column = line[i] === '\t' ? column - (column % 4) + 4 : column + 1
  return column
}
