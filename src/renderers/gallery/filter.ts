import type { Scalar } from '../../kernel/protocol/mime.ts'
import type { ShownRow } from './rows.ts'

/** What a filter may ask of a row. Lists (tags) match when any member does. */
export type FieldValue = Scalar | undefined | readonly string[]
export type Field = (row: ShownRow) => FieldValue
export type Filter = (row: ShownRow) => boolean

/** A filter that cannot be read, and where: 0-based position in its text. */
export class FilterError extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

interface Token {
  kind: 'number' | 'string' | 'name' | 'sign' | 'end'
  text: string
  at: number
}

const LONGEST = 2000
const DEEPEST = 50
const TOKEN =
  /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|"([^"]*)"|'([^']*)'|`([^`]*)`|([\p{L}_][\p{L}\p{N}_.-]*)|(&&|\|\||[<>!=]=|[<>=~!()-]))/iuy

/**
 * A filter of rows such as `hs < 3 and psnr > 28`, `method = "osediff" or not tag ~ "text"`. Names with other
 * characters stand in backticks. `~` means "contains", without regard to case. A comparison with a missing value is
 * false; a name alone asks whether there is a value. An empty filter takes every row.
 * @param fields what can be asked, by name
 * @throws FilterError
 */
export function parseFilter(text: string, fields: ReadonlyMap<string, Field>): Filter {
  if (text.length > LONGEST) throw new FilterError(`A filter has at most ${LONGEST} characters.`, LONGEST)
  const tokens = tokenize(text)
  if (tokens[0].kind === 'end') return () => true
  let next = 0
  let depth = 0
  const peek = () => tokens[next]
  const take = (...texts: string[]) => {
    const token = peek()
    const found = (token.kind === 'sign' || token.kind === 'name') && texts.includes(token.text.toLowerCase())
    if (found) next++
    return found
  }

  const either = (): Filter => {
    if (++depth > DEEPEST) throw new FilterError('The filter is nested too deeply.', peek().at)
    const parts = [both()]
    while (take('or', '||')) parts.push(both())
    depth--
    return parts.length === 1 ? parts[0] : row => parts.some(part => part(row))
  }
  const both = (): Filter => {
    const parts = [negation()]
    while (take('and', '&&')) parts.push(negation())
    return parts.length === 1 ? parts[0] : row => parts.every(part => part(row))
  }
  const negation = (): Filter => {
    let negative = false
    while (take('not', '!')) negative = !negative
    const inner = condition()
    return negative ? row => !inner(row) : inner
  }
  const condition = (): Filter => {
    if (take('(')) {
      const inner = either()
      if (!take(')')) throw new FilterError('A closing parenthesis is missing.', peek().at)
      return inner
    }
    const left = operand()
    const token = peek()
    const compare = token.kind === 'sign' ? COMPARISONS[token.text] : undefined
    if (!compare) return row => isThere(left(row))
    next++
    const right = operand()
    return row => matches(left(row), right(row), compare)
  }
  const operand = (): Field => {
    const sign = take('-') ? -1 : 1
    const token = peek()
    if (token.kind === 'number') {
      next++
      const value = sign * Number(token.text)
      return () => value
    }
    if (sign < 0 || token.kind === 'sign' || token.kind === 'end') {
      throw new FilterError(
        token.kind === 'end' ? 'The filter ends too early.' : `"${token.text}" is not expected here.`,
        token.at,
      )
    }
    next++
    if (token.kind === 'string') return () => token.text
    const field = fields.get(token.text)
    if (!field)
      throw new FilterError(
        `There is no "${token.text}" here; there are ${[...fields.keys()].join(', ')}.`,
        token.at,
      )
    return field
  }

  const filter = either()
  const rest = peek()
  if (rest.kind !== 'end') throw new FilterError(`"${rest.text}" is not expected here.`, rest.at)
  return filter
}

type Comparison = (a: number | string, b: number | string) => boolean

const COMPARISONS: Record<string, Comparison> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '~': (a, b) => String(a).toLowerCase().includes(String(b).toLowerCase()),
}

function matches(left: FieldValue, right: FieldValue, compare: Comparison): boolean {
  return listOf(left).some(a =>
    listOf(right).some(b => (typeof a === typeof b || compare === COMPARISONS['~']) && compare(a, b)),
  )
}

function listOf(value: FieldValue): (number | string)[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return [...value]
  return typeof value === 'boolean' ? [value ? 'yes' : 'no'] : [value as number | string]
}

function isThere(value: FieldValue): boolean {
  return value !== false && listOf(value).length > 0
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const start = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (!match) {
      const at = start + text.slice(start).search(/\S/)
      throw new FilterError(`"${text[at]}" is not expected here.`, at)
    }
    const [whole, number, double, single, quoted, name, sign] = match
    const at = start + whole.length - whole.trimStart().length
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at })
    else if (quoted !== undefined || name !== undefined)
      tokens.push({ kind: 'name', text: quoted ?? name, at })
    else tokens.push({ kind: 'string', text: double ?? single, at })
  }
  tokens.push({ kind: 'end', text: '', at: text.length })
  return tokens
}
