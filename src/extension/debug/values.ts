/** Steps from a frame's values to a part of them: names of members and indices of lists. */
export type Path = readonly (string | number)[]

/** What there is at a path, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => membersOf(value)?.find(([name]) => name === String(key))?.[1],
    root,
  )
}

/** A copy of `root` with another value at a path that exists. */
export function withValueAt(root: unknown, path: Path, value: unknown): unknown {
  if (path.length === 0) return value
  const [key, ...rest] = path
  if (Array.isArray(root))
    return root.map((item, i) => (i === Number(key) ? withValueAt(item, rest, value) : item))
  const record = root as Record<string, unknown>
  return { ...record, [key]: withValueAt(record[key], rest, value) }
}

/** Names and values of an object or a list; undefined for what has none. */
export function membersOf(value: unknown): [string, unknown][] | undefined {
  return typeof value === 'object' && value !== null ? Object.entries(value) : undefined
}

/** Characters of an object's or a list's own line. */
const LONGEST_SUMMARY = 120

/** A value on one line. A text is a JSON string, so that what is shown can be edited and typed back. */
export function oneLine(value: unknown): string {
  if (value === undefined) return 'undefined'
  const text = JSON.stringify(value)
  if (typeof value !== 'object' || value === null || text.length <= LONGEST_SUMMARY) return text
  return `${text.slice(0, LONGEST_SUMMARY)} ...`
}

export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

/**
 * What a person typed in place of a value. In place of a text, anything that is no JSON string is the text itself.
 *
 * @throws SyntaxError for anything else that is no JSON
 */
export function readTyped(typed: string, before: unknown): unknown {
  if (typeof before !== 'string') return JSON.parse(typed)
  if (!/^\s*"[\s\S]*"\s*$/.test(typed)) return typed
  try {
    return JSON.parse(typed)
  } catch {
    return typed
  }
}

const WORD = /^(?:\.?([A-Za-z_]\w*)|\[(\d+)\]|\["([^"]*)"\])/

/** Reads `answer.elements[0].what`; undefined for anything that is no such path. */
export function readPath(expression: string): Path | undefined {
  const path: (string | number)[] = []
  let rest = expression.trim()
  while (rest !== '') {
    const match = rest.match(WORD)
    // Every word but the first follows a dot or stands in brackets.
    if (!match || (path.length === 0) === /^[.[]/.test(rest)) return undefined
    path.push(match[1] ?? match[3] ?? Number(match[2]))
    rest = rest.slice(match[0].length)
  }
  return path.length > 0 ? path : undefined
}

/** The inverse of `readPath`. */
export function writePath(path: Path): string {
  const write = (key: string | number, i: number) => {
    if (/^\d+$/.test(String(key))) return `[${key}]`
    if (!/^[A-Za-z_]\w*$/.test(String(key))) return `["${key}"]`
    return i === 0 ? String(key) : `.${key}`
  }
  return path.map(write).join('')
}
