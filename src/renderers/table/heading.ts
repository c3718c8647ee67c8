import { shorten } from '../shared/ui/numbers.ts'

/** Most lines of a heading, and most and least characters of a line. */
const LINES = 3
const WIDEST = 18
const NARROWEST = 8
/** A title up to this many characters keeps to one line. */
const SHORT = 14
/** Characters of a longer title that stay at its two ends: its end may say what its numbers are not. */
const HEAD = 30
const TAIL = 16

/** A title that fits into the lines of a heading; a longer one loses words in its middle. An arrow stays with its word. */
export function headingText(title: string): string {
  return fitted(title).replace(/ (?=[↑↓]$)/, '\u00a0')
}

function fitted(title: string): string {
  if (linesAt(title, WIDEST) <= LINES) return title
  const words = title.split(' ')
  const head = takeWhileFits(words, HEAD)
  const tail = takeWhileFits(words.toReversed(), TAIL).toReversed()
  const cut = [...head, '…', ...tail].join(' ')
  return head.length > 0 && tail.length > 0 && linesAt(cut, WIDEST) <= LINES
    ? cut
    : shorten(title, HEAD + TAIL)
}

/** Characters of a line with which a heading takes as little of the table's width as its lines allow. */
export function headingWidth(title: string): number {
  const text = headingText(title)
  if (text.length <= SHORT) return text.length
  for (let width = NARROWEST; width < WIDEST; width++) if (linesAt(text, width) <= LINES) return width
  return WIDEST
}

function takeWhileFits(words: readonly string[], room: number): string[] {
  const taken: string[] = []
  let length = 0
  for (const word of words) {
    length += word.length + 1
    if (length > room) break
    taken.push(word)
  }
  return taken
}

/** Lines that a text takes; more than any limit where a word is longer than a line. */
function linesAt(text: string, width: number): number {
  let lines = 1
  let used = 0
  for (const word of text.split(' ')) {
    if (word.length > width) return Infinity
    if (used > 0 && used + 1 + word.length > width) {
      lines++
      used = 0
    }
    used += (used > 0 ? 1 : 0) + word.length
  }
  return lines
}
