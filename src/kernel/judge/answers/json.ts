import { jsonrepair } from 'jsonrepair'

/** A value that was found in a judge's text. */
export interface FoundJson {
  value: unknown
  /**
   * What had to be done to read it: nothing, cut it out of a code fence or of prose, mend its syntax, or close what
   * was cut off.
   */
  how: 'strict' | 'fenced' | 'embedded' | 'repaired' | 'truncated'
}

/**
 * Every JSON object that a judge's text may mean, the likeliest first. Servers without structured output wrap it in
 * fences and prose, write Python literals, or stop in the middle. Of several complete objects the last comes first,
 * because models repeat the form before they fill it in.
 */
export function findJson(text: string): FoundJson[] {
  const plain = text.replace(/^\uFEFF/, '').trim()
  const whole = parseStrict(plain)
  if (isObject(whole)) return [{ value: whole, how: 'strict' }]

  const found: FoundJson[] = []
  for (const fence of [...plain.matchAll(/```[a-z]*\s*\n?([\s\S]*?)```/gi)].reverse()) {
    const value = parseStrict(fence[1].trim())
    if (isObject(value)) found.push({ value, how: 'fenced' })
  }
  const spans = objectSpans(plain)
  for (const span of spans.complete.toReversed()) {
    const value = parseStrict(span)
    if (isObject(value)) found.push({ value, how: 'embedded' })
  }
  if (found.length > 0) return found

  for (const span of spans.complete.toReversed()) {
    const value = repair(span)
    if (isObject(value)) found.push({ value, how: 'repaired' })
  }
  if (spans.open !== undefined) {
    const value = repair(withoutOpenNumber(spans.open))
    if (isObject(value)) found.push({ value, how: 'truncated' })
  }
  return found
}

/** Top-level `{...}` spans of a text, and the one that its end cuts off. Braces inside JSON strings do not count. */
function objectSpans(text: string): { complete: string[]; open?: string } {
  const complete: string[] = []
  let depth = 0
  let start = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (depth > 0 && quoted) {
      if (c === '\\') i++
      else if (c === '"') quoted = false
    } else if (depth > 0 && c === '"') quoted = true
    else if (c === '{') {
      if (depth === 0) start = i
      depth++
    } else if (c === '}' && depth > 0) {
      depth--
      if (depth === 0) complete.push(text.slice(start, i + 1))
    }
  }
  return depth > 0 ? { complete, open: text.slice(start) } : { complete }
}

/** `"score": 4` at the very end may have been the start of `4.5`: a number that nothing closes is not a value. */
function withoutOpenNumber(text: string): string {
  return text.replace(/[\d.eE+-]+$/, '')
}

function parseStrict(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function repair(text: string): unknown {
  try {
    return JSON.parse(jsonrepair(text))
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
