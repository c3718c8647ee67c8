import type { Finding } from '../../protocol/mime.ts'

/** A value of an answer's JSON that cannot be used, in words for a person. */
export class AnswerProblem extends Error {}

export type Json = Record<string, unknown>

/**
 * A number, or a text that begins with one (`"4"`, `"4/5"`, `"4 (minor)"`), inside `range`. Never limited to the range:
 * a judge that answers 7 of 5 did not understand the question.
 *
 * @throws AnswerProblem
 */
export function numberIn(value: unknown, name: string, [low, high]: readonly [number, number]): number {
  const text = typeof value === 'string' ? value.trim().match(/^-?\d+(\.\d+)?(?![\w.])/)?.[0] : undefined
  const number = typeof value === 'number' ? value : text === undefined ? Number.NaN : Number(text)
  if (Number.isNaN(number))
    throw new AnswerProblem(value === undefined ? `it has no ${name}` : `its ${name} is no number`)
  if (number < low || number > high)
    throw new AnswerProblem(`its ${name} is ${number}, outside ${low} to ${high}`)
  return number
}

/** @throws AnswerProblem */
export function oneOf<T extends string>(value: unknown, name: string, known: readonly T[]): T {
  const text = String(value).trim().toLowerCase()
  const found = known.find(word => word.toLowerCase() === text)
  if (found === undefined) throw new AnswerProblem(`its ${name} is none of ${known.join(', ')}`)
  return found
}

/** The objects of an array; what is not an object is left out. An absent array is undefined. */
export function objectsOf(value: unknown): Json[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.filter((item): item is Json => typeof item === 'object' && item !== null)
}

/** The elements that a judge lists. Fields that cannot be read are left out; an element without `what` is none. */
export function findingsOf(value: unknown): Finding[] {
  if (!Array.isArray(value)) return []
  return value.flatMap(item => {
    if (typeof item === 'string' && item.trim()) return [{ what: item.trim() }]
    if (typeof item !== 'object' || item === null) return []
    const { what, where, kind, severity, box } = item as Json
    if (typeof what !== 'string' || !what.trim()) return []
    const finding: Finding = { what: what.trim() }
    if (typeof where === 'string' && where.trim()) finding.where = where.trim()
    if (typeof kind === 'string' && /^p[12]$/i.test(kind.trim())) finding.kind = kind.trim().toUpperCase()
    const level = Number(severity)
    if (level >= 1 && level <= 5) finding.severity = level
    const corners = boxOf(box)
    if (corners) finding.box = corners
    return [finding]
  })
}

/** [x0, y0, x1, y1] in fractions of the image; undefined when it is not a box inside it. */
function boxOf(value: unknown): Finding['box'] {
  if (!Array.isArray(value) || value.length !== 4) return undefined
  const [x0, y0, x1, y1] = value.map(Number)
  const inside = [x0, y0, x1, y1].every(edge => edge >= 0 && edge <= 1)
  return inside && x0 < x1 && y0 < y1 ? [x0, y0, x1, y1] : undefined
}
