import type { z } from 'zod'
import { markOf } from '../schema.ts'

/** Names of results that a cell's parameters read and define. */
export interface References {
  /** Names that an earlier cell must define. */
  reads: string[]
  /** Names that may be a cell's (a prompt, a tuned model) or a shipped one's. */
  mayRead: string[]
  /** Prompts that are meant where none is written: a prompt cell's, or a shipped one's. */
  assumes: string[]
  defines?: string
}

/** Collects the marked names (schema.ts) of a cell's parameters as written, and of those that are left to their default. */
export function referencesOf(schema: z.ZodType, written: unknown): References {
  const found = {
    reads: new Set<string>(),
    mayRead: new Set<string>(),
    assumes: new Set<string>(),
    defines: undefined as string | undefined,
  }
  visit(schema, written, (mark, value, assumed) => {
    if (assumed) {
      if ('reads' in mark && mark.reads === 'prompt') found.assumes.add(value)
    } else if ('defines' in mark) found.defines = value
    else if ('completes' in mark) {
      if (mark.completes === 'model') found.mayRead.add(value)
    } else if (mark.reads === 'table' || mark.reads === 'any') found.reads.add(value)
    else found.mayRead.add(value)
  })
  return {
    reads: [...found.reads],
    mayRead: [...found.mayRead],
    assumes: [...found.assumes],
    defines: found.defines,
  }
}

/** `assumed`: the name is a default. */
type Visitor = (mark: NonNullable<ReturnType<typeof markOf>>, value: string, assumed: boolean) => void

interface SchemaShape {
  type: string
  shape?: Record<string, z.ZodType>
  element?: z.ZodType
  valueType?: z.ZodType
  options?: z.ZodType[]
  innerType?: z.ZodType
  in?: z.ZodType
  items?: z.ZodType[]
  defaultValue?: unknown
}

function visit(schema: z.ZodType, written: unknown, visitor: Visitor, inDefault = false): void {
  const def = schema._zod.def as unknown as SchemaShape
  const value = written === undefined ? def.defaultValue : written
  const assumed = inDefault || written === undefined
  if (value === undefined || value === null) return
  const mark = markOf(schema)
  if (mark && typeof value === 'string') visitor(mark, value, assumed)
  if (mark && Array.isArray(value))
    for (const item of value) if (typeof item === 'string') visitor(mark, item, assumed)
  const inner = def.innerType ?? def.in
  if (inner) visit(inner, value, visitor, assumed)
  if (def.options) {
    const option = def.options.find(candidate => candidate.safeParse(value).success)
    if (option) visit(option, value, visitor, assumed)
  }
  if (Array.isArray(value)) {
    const element = def.element
    if (element) for (const item of value) visit(element, item, visitor, assumed)
    def.items?.forEach((item, index) => {
      visit(item, value[index], visitor, assumed)
    })
  } else if (typeof value === 'object') {
    const members = value as Record<string, unknown>
    for (const key of new Set([...Object.keys(members), ...Object.keys(def.shape ?? {})])) {
      const child = def.shape?.[key] ?? (def.type === 'record' ? def.valueType : undefined)
      if (child) visit(child, members[key], visitor, assumed)
    }
  }
}
