import { type Document, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import type { z } from 'zod'
import { unresolvedAlias } from '../../notebook/unresolved-alias.ts'
import { type CellPosition, type ErrorInfo, MirageError, nearest } from '../errors.ts'
import type { StepDefinition } from '../step.ts'

export interface ParsedStep {
  step: StepDefinition
  /** Validated parameters, defaults filled in. */
  params: unknown
  /** Parameters as written. */
  written: unknown
}

/**
 * Reads a step cell: YAML with one top-level key that names the step.
 *
 * @throws MirageError with the cell's id and a 1-based position: `yaml-malformed`, `step-unknown`, `step-shape`,
 *   `parameter-unknown`, `parameter-invalid`.
 */
export function parseStep(cell: string, text: string, steps: Record<string, StepDefinition>): ParsedStep {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const at = (offset: number | undefined): CellPosition | undefined => {
    if (offset === undefined) return undefined
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const fail = (info: Omit<ErrorInfo, 'cell'>): never => {
    throw new MirageError({ ...info, cell })
  }

  const [broken] = document.errors
  if (broken) {
    fail({
      code: 'yaml-malformed',
      message: `The YAML cannot be read: ${broken.message}`,
      remedy: 'Indent with spaces, put a space after each colon, and close every bracket and quote.',
      at: at(broken.pos[0]),
    })
  }

  const root = document.contents
  if (!isMap(root) || root.items.length !== 1) {
    return fail({
      code: 'step-shape',
      message:
        isMap(root) && root.items.length > 1
          ? `A step cell has one top-level key, this one has ${root.items.length}.`
          : 'The cell is empty: a step cell has one top-level key that names the step.',
      remedy: `Keep one step per cell. Steps: ${Object.keys(steps).join(', ')}.`,
      at: at(isMap(root) ? rangeStart(root.items[1]?.key) : 0),
    })
  }

  const [pair] = root.items
  const name = String(isScalar(pair.key) ? pair.key.value : pair.key)
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined
  if (!step) {
    const near = nearest(name, Object.keys(steps))
    return fail({
      code: 'step-unknown',
      message: `There is no step "${name}".${near ? ` Did you mean "${near}"?` : ''}`,
      remedy: `Steps: ${Object.keys(steps).join(', ')}.`,
      at: at(rangeStart(pair.key)),
    })
  }

  let plain: unknown
  try {
    plain = (document.toJS() as Record<string, unknown>)[name] ?? {}
  } catch (error) {
    const alias = unresolvedAlias(document)
    fail({
      code: 'yaml-malformed',
      message: `The YAML cannot be read: ${(error as Error).message}.`,
      remedy:
        alias === undefined
          ? 'Write the values themselves in place of anchors (&) and aliases (*).'
          : 'Quote a value that begins with *, such as "*.png": without quotes it is the name of an anchor.',
      at: at(rangeStart(alias ?? pair.key)),
    })
  }
  const parsed = step.params.safeParse(plain)
  if (!parsed.success) {
    const issue = mostSpecific(parsed.error.issues)
    const info = describeIssue(name, issue, step.params)
    fail({ ...info, at: at(positionOf(document, [name, ...issue.path], issue)) })
  }
  return { step, params: parsed.data, written: plain }
}

/** Of several problems the one to show: unknown keys first, since they usually cause the missing ones. */
function mostSpecific(issues: z.core.$ZodIssue[]): z.core.$ZodIssue {
  const flat = issues.map(intoUnion)
  return flat.find(issue => issue.code === 'unrecognized_keys') ?? flat[0]
}

/** The branch of a union that got furthest says more than the union itself. */
function intoUnion(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const deeper = issue.errors
    .map(branch => branch.map(intoUnion))
    .flatMap(branch => branch.filter(inner => inner.path.length > 0 || inner.code === 'unrecognized_keys'))
  const [best] = deeper.sort((a, b) => b.path.length - a.path.length)
  return best ? { ...best, path: [...issue.path, ...best.path] } : issue
}

function describeIssue(
  step: string,
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
): Omit<ErrorInfo, 'cell' | 'at'> {
  const path = issue.path.map(String)
  const where = path.length ? `${step}: ${path.join('.')}` : step
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys
    const known = keysAt(schema, path)
    const near = nearest(key, known)
    return {
      code: 'parameter-unknown',
      message: `"${where}" has no parameter "${key}".${near ? ` Did you mean "${near}"?` : ''}`,
      remedy: known.length ? `Parameters: ${known.join(', ')}.` : 'Remove it.',
    }
  }
  const missing = issue.code === 'invalid_type' && issue.message.includes('received undefined')
  return {
    code: missing ? 'parameter-missing' : 'parameter-invalid',
    message: missing ? `"${step}" needs the parameter "${path.join('.')}".` : `"${where}": ${issue.message}.`,
    remedy: remedyFor(issue, schema, path),
  }
}

function remedyFor(issue: z.core.$ZodIssue, schema: z.ZodType, path: string[]): string {
  if (issue.code === 'invalid_value') return `Use one of: ${issue.values.map(String).join(', ')}.`
  const described = schemaAt(schema, path)?.meta()?.description
  if (described) return `${path.at(-1)}: ${described}`
  const known = keysAt(schema, path.slice(0, -1))
  return known.length ? `Parameters: ${known.join(', ')}.` : 'Correct the marked value.'
}

/** Follows a path through objects, and through optional and default wrappers. */
function schemaAt(schema: z.ZodType, path: string[]): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema
  for (const key of path) {
    current = unwrap(current)
    if (!current) return undefined
    const def = current._zod.def as {
      type: string
      shape?: Record<string, z.ZodType>
      element?: z.ZodType
      valueType?: z.ZodType
    }
    current =
      def.shape?.[key] ??
      (def.type === 'array' ? def.element : def.type === 'record' ? def.valueType : undefined)
  }
  return current
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let current = schema
  for (;;) {
    const inner = current?._zod.def as { innerType?: z.ZodType; in?: z.ZodType } | undefined
    const next = inner?.innerType ?? inner?.in
    if (!next) return current
    current = next
  }
}

function keysAt(schema: z.ZodType, path: string[]): string[] {
  const found = unwrap(schemaAt(schema, path))
  return Object.keys((found?._zod.def as { shape?: object } | undefined)?.shape ?? {})
}

/** Offset of the deepest node on the path that exists; of the key itself for an unknown key. */
function positionOf(document: Document, path: PropertyKey[], issue: z.core.$ZodIssue): number | undefined {
  if (issue.code === 'unrecognized_keys') {
    const parent = document.getIn(path, true)
    const pair = isMap(parent) && parent.items.find(item => keyText(item) === issue.keys[0])
    if (pair) return rangeStart(pair.key)
  }
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true)
    const start = rangeStart(node)
    if (start !== undefined) return start
  }
  return rangeStart(document.contents)
}

const keyText = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key)

const rangeStart = (node: unknown): number | undefined => (node as Node | undefined)?.range?.[0]
