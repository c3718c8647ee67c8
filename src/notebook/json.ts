import { type $ZodType, type output, safeParse } from 'zod/v4/core'
import { FormatError } from './errors.ts'

/**
 * JSON with sorted keys, two spaces and a last newline: equal values print equally, and a changed value changes one
 * line.
 *
 * Throws a TypeError for what JSON can't say (NaN, infinities, functions), rather than writing `null` for it.
 */
export function printJson(value: unknown): string {
  return `${JSON.stringify(sorted(value, '$'), null, 2)}\n`
}

function sorted(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item, i) => sorted(item, `${path}[${i}]`))
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item, `${path}.${key}`)]))
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TypeError(`${path} is ${value}, which JSON can't hold.`)
  if (!['string', 'number', 'boolean'].includes(typeof value) && value !== null)
    throw new TypeError(`${path} is a ${typeof value}, which JSON can't hold.`)
  return value
}

/** What a JSON file beside a study is, for its errors. */
export interface FileKind<Schema extends $ZodType> {
  /** Such as `lock file`. */
  called: string
  schema: Schema
  version: number
  remedy: string
}

/**
 * Reads a versioned JSON file (`{ "version": 1, ... }`).
 *
 * @throws FormatError `json-syntax`, `json-newer` (a later version wrote it: don't touch it) or `json-shape`
 */
export function readJson<Schema extends $ZodType>(text: string, kind: FileKind<Schema>): output<Schema> {
  const refuse = (
    code: string,
    message: string,
    at = { line: 1, column: 1 },
    remedy = kind.remedy,
    cause?: unknown,
  ): never => {
    throw new FormatError({ code, message: `The ${kind.called} ${message}`, remedy, at }, { cause })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return refuse(
      'json-syntax',
      `is not JSON: ${(error as Error).message}`,
      syntaxPosition(text, error as Error),
      undefined,
      error,
    )
  }
  const version = (value as { version?: unknown } | null)?.version
  if (typeof version === 'number' && version > kind.version)
    return refuse(
      'json-newer',
      `has version ${version}; this Mirage knows ${kind.version}.`,
      undefined,
      'Update Mirage.',
    )
  const result = safeParse(kind.schema, value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  return refuse('json-shape', `is not as expected at ${issue.path.join('.') || 'its root'}: ${issue.message}`)
}

/** Position in V8's message, where it has one. */
function syntaxPosition(text: string, error: Error): { line: number; column: number } {
  const offset = Number(/at position (\d+)/.exec(error.message)?.[1] ?? 0)
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: before[before.length - 1].length + 1 }
}
