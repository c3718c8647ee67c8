import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml'
import { nearest } from '../../notebook/nearest.ts'
import { branches, type Schema, typeText } from './schema.ts'
import { keyText, type Span, spanOf, wordSpan } from './step-text.ts'

/** Something wrong in a cell, where, and what would mend it. */
export interface Problem {
  code: string
  message: string
  span: Span
  severity: 'error' | 'warning'
  fix?: { title: string; span: Span; text: string }
}

/**
 * Holds a YAML value against a schema of a step. Says what the kernel would say when the cell ran, before it does; what
 * only the kernel can know (files, weights) is left to it.
 */
export function validate(node: ParsedNode, schema: Schema, where: string): Problem[] {
  // What an alias stands for is checked where it is written.
  if (isAlias(node)) return []
  const tried = branches(schema).map(option => validateOne(node, option, where))
  const best = tried.sort((a, b) => a.distance - b.distance)[0]
  return best?.problems ?? []
}

/** How far a value is from an alternative: a wrong type is further than anything inside. */
interface Attempt {
  problems: Problem[]
  distance: number
}

const WRONG_TYPE = 1000

function validateOne(node: ParsedNode, schema: Schema, where: string): Attempt {
  const type = typeOf(node)
  const fits =
    schema.type === undefined || schema.type === type || (schema.type === 'number' && type === 'integer')
  if (!fits) {
    const message = `"${where}" is ${type}; ${typeText(schema)} is needed.`
    return { problems: [problem('parameter-invalid', message, spanOf(node))], distance: WRONG_TYPE }
  }
  const problems = isMap(node)
    ? members(node, schema, where)
    : isSeq(node)
      ? elements(node, schema, where)
      : scalar(node, schema, where)
  return { problems, distance: problems.length }
}

function typeOf(node: ParsedNode): string {
  if (isMap(node)) return 'object'
  if (isSeq(node)) return 'array'
  const value = isScalar(node) ? node.value : undefined
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function members(node: Extract<ParsedNode, { items: unknown }>, schema: Schema, where: string): Problem[] {
  if (!isMap(node)) return []
  const { properties = {}, required = [], additionalProperties } = schema
  const known = Object.keys(properties)
  const written = new Set<string>()
  const problems: Problem[] = []
  for (const pair of node.items) {
    const key = keyText(pair)
    written.add(key)
    const member = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    if (member === false) problems.push(unknownKey(key, spanOf(pair.key as ParsedNode), known, where))
    else if (typeof member === 'object' && pair.value) {
      problems.push(...validate(pair.value as ParsedNode, member, `${where}.${key}`))
    }
  }
  const missing = required.filter(key => !written.has(key) && properties[key]?.default === undefined)
  for (const key of missing) {
    const span = { start: spanOf(node).start, end: spanOf(node).start + 1 }
    problems.push(problem('parameter-missing', `"${where}" needs the parameter "${key}".`, span))
  }
  return problems
}

function unknownKey(key: string, span: Span, known: readonly string[], where: string): Problem {
  const near = nearest(key, known)
  const message = `"${where}" has no parameter "${key}". It has: ${known.join(', ')}.`
  return {
    ...problem('parameter-unknown', message, span),
    ...(near && { fix: { title: `Change to "${near}"`, span, text: near } }),
  }
}

function elements(node: Extract<ParsedNode, { items: unknown }>, schema: Schema, where: string): Problem[] {
  if (!isSeq(node)) return []
  const { items, prefixItems, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
  const count = node.items.length
  if (count < minItems || count > maxItems) {
    const wanted = count < minItems ? `at least ${minItems}` : `at most ${maxItems}`
    return [
      problem('parameter-invalid', `"${where}" has ${count} elements; it needs ${wanted}.`, spanOf(node)),
    ]
  }
  return node.items.flatMap((item, i) => {
    const element = prefixItems?.[i] ?? items
    return element ? validate(item as ParsedNode, element, `${where}[${i}]`) : []
  })
}

function scalar(node: ParsedNode, schema: Schema, where: string): Problem[] {
  if (!isScalar(node)) return []
  const { value } = node
  const wrong = scalarProblem(value, schema)
  if (!wrong) return []
  const allowed = (schema.enum ?? []).filter((one): one is string => typeof one === 'string')
  const near = typeof value === 'string' ? nearest(value, allowed) : undefined
  const span = wordSpan(node)
  return [
    {
      ...problem('parameter-invalid', `"${where}" ${wrong}.`, span),
      ...(near && { fix: { title: `Change to "${near}"`, span, text: near } }),
    },
  ]
}

function scalarProblem(value: unknown, schema: Schema): string | undefined {
  if (schema.enum && !schema.enum.includes(value))
    return `is ${JSON.stringify(value)}; it is one of ${typeText(schema)}`
  if (schema.const !== undefined && schema.const !== value)
    return `is ${JSON.stringify(value)}; only ${typeText(schema)} is taken`
  if (typeof value === 'string') {
    if (value.length < (schema.minLength ?? 0)) return 'is empty'
    if (schema.pattern && !new RegExp(schema.pattern, 'u').test(value))
      return `is ${JSON.stringify(value)}, which does not match ${schema.pattern}`
  }
  if (typeof value === 'number') return numberProblem(value, schema)
  return undefined
}

function numberProblem(value: number, schema: Schema): string | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  if (minimum !== undefined && value < minimum) return `is ${value}; it is at least ${minimum}`
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    return `is ${value}; it is more than ${exclusiveMinimum}`
  if (maximum !== undefined && value > maximum) return `is ${value}; it is at most ${maximum}`
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum)
    return `is ${value}; it is less than ${exclusiveMaximum}`
  return undefined
}

export function problem(code: string, message: string, span: Span): Problem {
  return { code, message, span, severity: 'error' }
}
