import type { CodeCell, CodeKind } from '../document.ts'

/**
 * The info string of a cell: `<language> mirage [name[=value] ...]`, where a value is a bare word or a JSON string.
 */
export interface CellInfo {
  kind: CodeKind
  language: string
  /** Undefined where the info string has none. */
  id?: string
  attributes: Record<string, string>
}

/** One row per language that a cell may be written in; the first of a kind is the one that new cells get. */
const LANGUAGES: { language: string; kind: CodeKind }[] = [
  { language: 'yaml', kind: 'step' },
  { language: 'yml', kind: 'step' },
  { language: 'liquid', kind: 'prompt' },
  { language: 'ts', kind: 'script' },
  { language: 'typescript', kind: 'script' },
]

export const CELL_LANGUAGES: readonly string[] = LANGUAGES.map(row => row.language)

/** The language that new cells of a kind are written in. */
export function languageOf(kind: CodeKind): string {
  return LANGUAGES.find(row => row.kind === kind)!.language
}

/** The kind of cell that a language stands for. */
export function kindOf(language: string): CodeKind | undefined {
  return LANGUAGES.find(row => row.language === language)?.kind
}

/** What is wrong with an info string, and at which 0-based index. */
export interface InfoFault {
  index: number
  message: string
}

export type InfoReading =
  | { as: 'cell'; info: CellInfo }
  | { as: 'other' }
  /** Says `mirage` after a language that cells are not written in. */
  | { as: 'unknown-language'; language: string }
  | { as: 'faulty'; fault: InfoFault }

export function readInfo(raw: string): InfoReading {
  const head = /^[ \t]*(\S+)[ \t]+mirage(?=[ \t]|$)/.exec(raw)
  if (!head) return { as: 'other' }
  const language = head[1]
  const kind = kindOf(language)
  if (!kind) return { as: 'unknown-language', language }
  const reading = readAttributes(raw, head[0].length)
  if ('fault' in reading) return { as: 'faulty', fault: reading.fault }
  const { id, ...attributes } = reading.attributes
  return { as: 'cell', info: { kind, language, ...(id !== undefined && { id }), attributes } }
}

export function writeInfo(cell: Pick<CodeCell, 'language' | 'id' | 'attributes'>): string {
  const words = Object.entries(cell.attributes).map(([name, value]) => writeAttribute(name, value))
  if (cell.id !== '') words.push(writeAttribute('id', cell.id))
  return [cell.language, 'mirage', ...words].join(' ')
}

/** An info string for the cell that differs from `raw` as little as can be: not at all, in the id alone, or written anew. */
export function rewriteInfo(raw: string, cell: Pick<CodeCell, 'language' | 'id' | 'attributes'>): string {
  if (says(raw, cell)) return raw
  const value = writeValue(cell.id)
  const replaced = raw.replace(
    /([ \t]id=)("(?:[^"\\]|\\.)*"|[^\s"]*)(?=[ \t]|$)/,
    (_, before: string) => before + value,
  )
  if (says(replaced, cell)) return replaced
  const appended = `${raw.trimEnd()} id=${value}`
  return says(appended, cell) ? appended : writeInfo(cell)
}

function says(raw: string, cell: Pick<CodeCell, 'language' | 'id' | 'attributes'>): boolean {
  const reading = readInfo(raw)
  if (reading.as !== 'cell' || reading.info.language !== cell.language || (reading.info.id ?? '') !== cell.id)
    return false
  const [found, wanted] = [Object.entries(reading.info.attributes), Object.entries(cell.attributes)]
  return (
    found.length === wanted.length &&
    found.every(([name, value], i) => name === wanted[i][0] && value === wanted[i][1])
  )
}

function readAttributes(
  raw: string,
  from: number,
): { attributes: Record<string, string> } | { fault: InfoFault } {
  const attributes: Record<string, string> = {}
  const word = /[ \t]+(?:([A-Za-z][\w.-]*)(?:=("(?:[^"\\]|\\.)*"|[^\s"]*))?(?=[ \t]|$))?/y
  word.lastIndex = from
  while (word.lastIndex < raw.length) {
    const start = word.lastIndex
    const match = word.exec(raw)
    const at = start + /^[ \t]*/.exec(raw.slice(start))![0].length
    if (!match || (match[1] === undefined && word.lastIndex < raw.length))
      return {
        fault: { index: at, message: 'is not `name=value` (quote a value that has spaces: name="a b")' },
      }
    if (match[1] === undefined) break
    if (Object.hasOwn(attributes, match[1]))
      return { fault: { index: at, message: `gives \`${match[1]}\` twice` } }
    const value = readValue(match[2] ?? '')
    if (value === undefined)
      return { fault: { index: at, message: `has a value of \`${match[1]}\` that is not a JSON string` } }
    attributes[match[1]] = value
  }
  return { attributes }
}

function readValue(written: string): string | undefined {
  if (!written.startsWith('"')) return written
  try {
    return JSON.parse(written) as string
  } catch {
    return undefined
  }
}

function writeAttribute(name: string, value: string): string {
  return value === '' ? name : `${name}=${writeValue(value)}`
}

// A backtick can't stand in the info string of a backtick fence.
function writeValue(value: string): string {
  return /^[\w.:/@+,-]+$/.test(value) ? value : JSON.stringify(value).replaceAll('`', '\\u0060')
}
