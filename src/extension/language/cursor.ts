import { isMap, isPair, isSeq, parseDocument, visit } from 'yaml'
import type { Span } from './step-text.ts'
import { keyText } from './step-text.ts'

/** Where the cursor is in a step cell, in the words of its schema. */
export interface Cursor {
  /** Path from the top of the cell; its first key is the step's name. Empty at the top itself. */
  path: (string | number)[]
  /** Whether a key is being written in the map at `path`, or the value at `path`. */
  role: 'key' | 'value'
  /** The word that a completion replaces. */
  word: string
  span: Span
  /** Keys that the map has already. */
  taken: string[]
  /** The value stands on the line of its key, so that a block of keys can't follow. */
  inline: boolean
  /** A colon stands behind the word. */
  hasColon: boolean
}

/** No text of a study; stands for the word at the cursor. */
const MARK = 'zzMirageCursorzz'

const WORD = /[^\s,:[\]{}"'#]/

/** Undefined where nothing can be completed, as in the middle of a longer text. */
export function cursorAt(text: string, offset: number): Cursor | undefined {
  let start = offset
  let end = offset
  while (start > 0 && WORD.test(text[start - 1])) start--
  while (end < text.length && WORD.test(text[end])) end++
  const span = { start, end }
  const hasColon = /^[ \t]*:/.test(text.slice(end))
  const marked = `${text.slice(0, start)}${MARK}${text.slice(end)}`
  const found = locate(marked)
  if (!found) return undefined
  return {
    ...found,
    word: text.slice(start, end),
    span,
    hasColon,
    inline: /:[ \t]*["']?$|[[{,][ \t]*["']?$/.test(text.slice(text.lastIndexOf('\n', start - 1) + 1, start)),
  }
}

function locate(text: string): Pick<Cursor, 'path' | 'role' | 'taken'> | undefined {
  const document = parseDocument(text, { prettyErrors: false })
  let found: Pick<Cursor, 'path' | 'role' | 'taken'> | undefined
  visit(document, {
    Scalar(key, node, ancestors) {
      if (node.value !== MARK) return undefined
      const path: (string | number)[] = []
      ancestors.forEach((ancestor, i) => {
        const child = ancestors[i + 1] ?? node
        if (isSeq(ancestor)) path.push(ancestor.items.indexOf(child))
        else if (isPair(ancestor) && child !== ancestor.key) path.push(keyText(ancestor))
      })
      const map = ancestors.findLast(isMap)
      const atKey = key === 'key' || ancestors.length <= 1
      found = {
        path,
        role: atKey ? 'key' : 'value',
        taken: atKey && map ? map.items.map(keyText).filter(name => name !== MARK) : [],
      }
      return visit.BREAK
    },
  })
  return found
}
