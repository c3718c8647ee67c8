import type { z } from 'zod'
import { markOf } from '../schema.ts'

/** Names of results that a cell's parameters read and define. */
export interface References {
  /** Names that an earlier cell must define. */
  reads: string[]
  /** Names that may be a cell's (a prompt, a tuned model) or a shipped one's. */
  mayRead: string[]
  defines?: string
}

/** Collects the marked names (schema.ts) of a cell's parameters as written. */
export function referencesOf(schema: z.ZodType, written: unknown): References {
  const found = {
    reads: new Set<string>(),
    mayRead: new Set<string>(),
    defines: undefined as string | undefined,
  }
  visit(schema, written, (mark, value) => {
    if ('defines' in mark) found.defines = value
    else if ('completes' in mark) {
      if (mark.completes === 'model') found.mayRead.add(value)
    } else if (mark.reads === 'table' || mark.reads === 'any') found.reads.add(value)
    else found.mayRead.add(value)
  })
  return { reads: [...found.reads], mayRead: [...found.mayRead], defines: found.defines }
}

type Visitor = (mark: NonNullable<ReturnType<typeof markOf>>, value: string) => void

interface SchemaShape {
  type: string
  shape?: Record<string, z.ZodType>
  element?: z.ZodType
  valueType?: z.ZodType
  options?: z.ZodType[]
  innerType?: z.ZodType
  in?: z.ZodType
  items?: z.ZodType[]
}

function visit(schema: z.ZodType, value: unknown, visitor: Visitor): void {
  if (value === undefined || value === null) return
  const mark = markOf(schema)
  if (mark && typeof value === 'string') visitor(mark, value)
  if (mark && Array.isArray(value))
    for (const item of value) if (typeof item === 'string') visitor(mark, item)
  const def = schema._zod.def as unknown as SchemaShape
  const inner = def.innerType ?? def.in
  if (inner) visit(inner, value, visitor)
  if (def.options) {
    const option = def.options.find(candidate => candidate.safeParse(value).success)
    if (option) visit(option, value, visitor)
  }
  if (Array.isArray(value)) {
    const element = def.element
    if (element) for (const item of value) visit(element, item, visitor)
    def.items?.forEach((item, index) => {
      visit(item, value[index], visitor)
    })
  } else if (typeof value === 'object') {
    for (const [key, member] of Object.entries(value)) {
      const child = def.shape?.[key] ?? (def.type === 'record' ? def.valueType : undefined)
      if (child) visit(child, member, visitor)
    }
  }
}
