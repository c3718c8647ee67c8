import type { StudyLanguage } from '../../kernel/protocol/messages.ts'

/** What a parameter means beyond its type; the kernel puts it into the schema under `mirage`. */
export type Mark =
  | { reads: string }
  | { defines: true }
  | { completes: 'model' | 'metric' | 'column' | 'file' | 'provider' }

/** The part of JSON Schema in which the kernel describes its steps. */
export interface Schema {
  type?: string
  description?: string
  default?: unknown
  enum?: readonly unknown[]
  const?: unknown
  anyOf?: readonly Schema[]
  properties?: { readonly [key: string]: Schema }
  required?: readonly string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  prefixItems?: readonly Schema[]
  minItems?: number
  maxItems?: number
  minLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  mirage?: Mark
}

export type Step = StudyLanguage['steps'][number]
export type Path = readonly (string | number)[]

export function stepNamed(language: StudyLanguage, name: string): Step | undefined {
  return language.steps.find(step => step.name === name)
}

/** The alternatives that a value may take; each inherits the description and the mark of what it is an alternative of. */
export function branches(schema: Schema): Schema[] {
  if (!schema.anyOf) return [schema]
  const { description, mirage, default: preset } = schema
  return schema.anyOf.flatMap(option =>
    branches({
      ...(description !== undefined && { description }),
      ...(mirage && { mirage }),
      ...(preset !== undefined && { default: preset }),
      ...option,
    }),
  )
}

/** Schemas of a member or an element; none where there can be no such. */
export function childrenOf(schema: Schema, key: string | number): Schema[] {
  return branches(schema).flatMap(option => {
    if (typeof key === 'number') {
      const element = option.prefixItems?.[key] ?? option.items
      // A mark on a list is meant for each of its elements.
      return element ? [option.mirage ? { mirage: option.mirage, ...element } : element] : []
    }
    const member =
      option.properties && Object.hasOwn(option.properties, key) ? option.properties[key] : undefined
    if (member) return [member]
    return typeof option.additionalProperties === 'object' ? [option.additionalProperties] : []
  })
}

/** Every alternative at the end of a path. */
export function schemasAt(schema: Schema, path: Path): Schema[] {
  return path
    .reduce<Schema[]>((at, key) => at.flatMap(one => childrenOf(one, key)), [schema])
    .flatMap(branches)
}

/** Parameters that an object may have there, by name. */
export function membersOf(schemas: readonly Schema[]): Map<string, { schema: Schema; required: boolean }> {
  const members = new Map<string, { schema: Schema; required: boolean }>()
  for (const { properties = {}, required = [] } of schemas) {
    for (const [name, schema] of Object.entries(properties)) {
      if (!members.has(name)) members.set(name, { schema, required: required.includes(name) })
    }
  }
  return members
}

/** Values that are named one by one. */
export function literalsOf(schemas: readonly Schema[]): unknown[] {
  const values = schemas.flatMap(schema => {
    if (schema.enum) return schema.enum
    if (schema.const !== undefined) return [schema.const]
    return schema.type === 'boolean' ? [true, false] : []
  })
  return [...new Set(values)]
}

export function marksOf(schemas: readonly Schema[]): Mark[] {
  return schemas.flatMap(({ mirage }) => mirage ?? [])
}

/** Such as `number`, `"error" or "skip"`, `list of string`. */
export function typeText(schema: Schema): string {
  const texts = branches(schema).map(option => {
    if (option.enum) return option.enum.map(value => JSON.stringify(value)).join(' or ')
    if (option.const !== undefined) return JSON.stringify(option.const)
    if (option.type === 'array') return option.items ? `list of ${typeText(option.items)}` : 'list'
    return option.type ?? 'any value'
  })
  return [...new Set(texts)].join(' or ')
}
