import type { Row, StudyTable, Value } from '../value.ts'

/** A number, image or text of a named result that is not what it was. */
export interface ValueDifference {
  /** Image id and method; empty for what belongs to the whole result. */
  row: string
  /** Column, or the role of an image. */
  column: string
  before: string
  after: string
  /** |after - before|, for numbers. */
  by?: number
}

/** How much of two texts is shown, and how much of it before the first letter that differs. */
const LETTERS = 120
const LETTERS_BEFORE = 30

/** How many letters two texts have in common before the first that differs. */
function sharedStart(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return at
}

const textOf = (value: Value) => (value.kind === 'prompt' ? value.text : JSON.stringify(value))

/** What differs between two versions of a named result, row by row. */
export function compareValues(before: Value, after: Value): ValueDifference[] {
  if (before.kind !== 'table' || after.kind !== 'table') {
    const [a, b] = [textOf(before), textOf(after)]
    if (a === b) return []
    const from = Math.max(0, sharedStart(a, b) - LETTERS_BEFORE)
    const part = (text: string) => `${from > 0 ? '...' : ''}${text.slice(from, from + LETTERS)}`
    return [{ row: '', column: after.kind, before: part(a), after: part(b) }]
  }
  return compareTables(before, after)
}

const keyOf = ({ id, method, seed }: Row) =>
  [id, method ?? '-', ...(seed === undefined ? [] : [`#${seed}`])].join(' ')

function compareTables(before: StudyTable, after: StudyTable): ValueDifference[] {
  const old = new Map(before.rows.map(row => [keyOf(row), row]))
  const now = new Map(after.rows.map(row => [keyOf(row), row]))
  const columns = [...new Set([...before.columns, ...after.columns].map(({ name }) => name))]
  const found: ValueDifference[] = []
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [a, b] = [old.get(key), now.get(key)]
    if (!a || !b) {
      found.push({ row: key, column: 'row', before: a ? 'there' : 'missing', after: b ? 'there' : 'missing' })
      continue
    }
    for (const role of ['lr', 'gt', 'sr'] as const) {
      const [from, to] = [a.images[role]?.hash ?? 'none', b.images[role]?.hash ?? 'none']
      if (from !== to)
        found.push({ row: key, column: role, before: from.slice(0, 12), after: to.slice(0, 12) })
    }
    for (const column of columns) {
      const [from, to] = [a.values[column] ?? null, b.values[column] ?? null]
      if (from === to) continue
      const by = typeof from === 'number' && typeof to === 'number' ? Math.abs(to - from) : undefined
      found.push({
        row: key,
        column,
        before: String(from),
        after: String(to),
        ...(by !== undefined && { by }),
      })
    }
  }
  return found
}
