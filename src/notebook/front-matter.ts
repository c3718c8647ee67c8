import { isMap, isScalar, LineCounter, type ParsedNode, parseDocument, stringify, type YAMLMap } from 'yaml'
import { FORMAT_VERSION, type StudyMeta } from './document.ts'
import { FormatError } from './errors.ts'

type Root = YAMLMap<ParsedNode, ParsedNode | null>

/**
 * Reads the front matter of a study.
 *
 * @param text YAML between the `---` lines
 * @param firstLine line of the file on which `text` starts
 * @throws FormatError where it isn't a YAML mapping, or `format`, `title` or `seed` has the wrong type
 */
export function readFrontMatter(text: string | undefined, firstLine = 2): StudyMeta {
  if (text === undefined) return { format: FORMAT_VERSION, seed: 0, other: {} }
  const { root, values, at } = readMapping(text, firstLine)
  const format = values.format ?? FORMAT_VERSION
  const fail = (key: string, wanted: string): never => {
    const value = root?.get(key, true)
    throw new FormatError({
      code: 'front-matter-value',
      message: `\`${key}\` in the front matter is not ${wanted}.`,
      remedy: `Write ${key} as ${wanted}, or remove the line.`,
      at: at(value?.range?.[0] ?? 0),
    })
  }
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < 1)
    fail('format', 'a whole number from 1 up')
  const { format: _format, title, seed, ...other } = values
  // A newer version may give other meanings to these keys; it is only looked at.
  const newer = (format as number) > FORMAT_VERSION
  if (title !== undefined && title !== null && typeof title !== 'string' && !newer) fail('title', 'a text')
  if (seed !== undefined && !Number.isSafeInteger(seed) && !newer) fail('seed', 'a whole number')
  return {
    format: format as number,
    ...(typeof title === 'string' && { title }),
    seed: Number.isSafeInteger(seed) ? (seed as number) : 0,
    other,
  }
}

/** True for a file of a later Mirage: show it, never save it. */
export function isNewerFormat(meta: StudyMeta): boolean {
  return meta.format > FORMAT_VERSION
}

/**
 * Front matter with other values for the keys that Mirage knows. Everything else stays as written: other keys,
 * comments, spacing. `undefined` leaves a key as it is.
 *
 * @throws FormatError where `text` is not a YAML mapping
 */
export function changeFrontMatter(
  text: string | undefined,
  change: Partial<Pick<StudyMeta, 'format' | 'title' | 'seed'>>,
): string {
  let result = text ?? ''
  const end = result.includes('\r\n') ? '\r\n' : '\n'
  for (const key of ['format', 'title', 'seed'] as const) {
    const value = change[key]
    if (value === undefined) continue
    const written = stringify(value, {
      lineWidth: 0,
      defaultStringType: 'PLAIN',
      blockQuote: false,
    }).trimEnd()
    const node = readMapping(result, 2).root?.get(key, true)
    if (isScalar(node) && node.range) {
      const [start, stop] = node.range
      // An empty value starts right behind the colon; a block scalar ends behind its last line ending.
      const space = result[start - 1] === ':' ? ' ' : ''
      const kept = /(?:\r?\n)?$/.exec(result.slice(start, stop))![0]
      result = result.slice(0, start) + space + written + kept + result.slice(stop)
    } else {
      const gap = result === '' || /[\r\n]$/.test(result) ? '' : end
      result += `${gap}${key}: ${written}`
    }
  }
  readFrontMatter(result)
  return result
}

function readMapping(text: string, firstLine: number) {
  const counter = new LineCounter()
  const at = (offset: number) => {
    const { line, col } = counter.linePos(offset)
    return { line: Math.max(1, line) + firstLine - 1, column: Math.max(1, col) }
  }
  const refuse = (message: string, offset: number, cause?: unknown): never => {
    throw new FormatError(
      {
        code: 'front-matter-yaml',
        message: `The front matter is not valid YAML: ${message}`,
        remedy: 'Correct the lines between the first two `---`; they hold `name: value` pairs.',
        at: at(offset),
      },
      { cause },
    )
  }
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  const [error] = document.errors
  if (error) refuse(error.message, error.pos[0], error)
  const root = document.contents
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null))
    refuse('it is not a mapping.', root.range[0])
  return { root: isMap(root) ? (root as Root) : undefined, values: valuesOf(document, refuse), at }
}

function valuesOf(
  document: { toJS(): unknown },
  refuse: (message: string, offset: number, cause: unknown) => never,
): Record<string, unknown> {
  try {
    return (document.toJS() ?? {}) as Record<string, unknown>
  } catch (error) {
    return refuse((error as Error).message, 0, error)
  }
}
