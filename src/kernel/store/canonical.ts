import { createHash, hash as hashOnce } from 'node:crypto'

/**
 * JSON with sorted keys and without undefined members: equal values give equal text. Numbers that JSON cannot hold
 * (NaN, infinities) are refused, so that they never slip into a key or a table as null.
 */
export function canonicalJson(value: unknown): string {
  const sorted = sortedCopy(value)
  return sorted === UNSORTABLE ? plainCanonicalJson(value) : JSON.stringify(sorted)
}

/** The same, as it is defined. */
export function plainCanonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw notFinite(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(plainCanonicalJson).join(',')}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, member]) => `${JSON.stringify(name)}:${plainCanonicalJson(member)}`)
  return `{${members.join(',')}}`
}

/** An object with keys that look like array indices: JavaScript lists those first, in an order of its own. */
const UNSORTABLE = Symbol('unsortable')

/**
 * A value whose JSON is canonical: itself wherever it is in order already, as everything is that was read from the store.
 * A table of 100,000 rows is then written by the engine's own JSON, many times faster than member by member.
 */
function sortedCopy(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw notFinite(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (value === null || value === undefined || typeof value === 'function' || typeof value === 'symbol')
    return null
  if (typeof value !== 'object') return value
  return Array.isArray(value) ? sortedItems(value) : sortedMembers(value as Record<string, unknown>)
}

function sortedItems(items: unknown[]): unknown {
  let copy: unknown[] | undefined
  for (let i = 0; i < items.length; i++) {
    const item = sortedCopy(items[i])
    if (item === UNSORTABLE) return UNSORTABLE
    if (item !== items[i]) copy ??= items.slice()
    if (copy) copy[i] = item
  }
  return copy ?? items
}

function sortedMembers(members: Record<string, unknown>): unknown {
  if ('toJSON' in members) return UNSORTABLE
  const names = Object.keys(members)
  let changed = Object.getPrototypeOf(members) !== Object.prototype
  /** What the members become, where one of them is not in order. */
  let values: unknown[] | undefined
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (/^\d/.test(name) || name === '__proto__') return UNSORTABLE
    if (i > 0 && names[i - 1] > name) changed = true
    const member = members[name]
    const value = member === undefined ? undefined : sortedCopy(member)
    if (value === UNSORTABLE) return UNSORTABLE
    if (value === undefined || value !== member) values ??= names.slice(0, i).map(before => members[before])
    values?.push(value)
  }
  if (!changed && !values) return members
  const order = names.map((_, i) => i).sort((a, b) => (names[a] < names[b] ? -1 : 1))
  const copy: Record<string, unknown> = {}
  for (const i of order) {
    const value = values ? values[i] : members[names[i]]
    if (value !== undefined) copy[names[i]] = value
  }
  return copy
}

const notFinite = (value: number) => new TypeError(`${value} has no canonical JSON`)

/** sha256 (hex) of a value's canonical JSON. */
export const hashOf = (value: unknown): string => hashOfText(canonicalJson(value))

/** sha256 (hex) of a text in UTF-8. */
export function hashOfText(text: string): string {
  if (text.length <= PIECE) return hashOnce('sha256', text)
  const hash = createHash('sha256')
  // Piece by piece: of a long text a copy is made as bytes. No piece ends within a character.
  for (let from = 0; from < text.length; ) {
    let to = from + PIECE
    if (isHighSurrogate(text.charCodeAt(to - 1))) to++
    hash.update(text.slice(from, to))
    from = to
  }
  return hash.digest('hex')
}

const PIECE = 1 << 20

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00
