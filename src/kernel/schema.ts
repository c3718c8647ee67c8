import * as z from 'zod'

/**
 * Marks on parameters that mean more than their type. They drive the dependency graph between cells (`reads`,
 * `defines`), completion, go to definition and rename.
 */
export type ParamMark =
  | { reads: 'table' | 'prompt' | 'model' | 'proxy' | 'any' }
  | { defines: true }
  | { completes: 'model' | 'metric' | 'column' | 'file' | 'provider' }

const mark = <T extends z.ZodType>(schema: T, value: ParamMark, description: string): T =>
  schema.meta({ mirage: value, description })

const NAME = /^[A-Za-z_][\w-]*$/

/** The name of an earlier cell's result. */
export const reads = (kind: 'table' | 'prompt' | 'model' | 'proxy' | 'any', description: string) =>
  mark(
    z.string().regex(NAME, 'is not a result name (letters, digits, - and _)'),
    { reads: kind },
    description,
  )

/** The name that this cell's result gets. */
export const defines = (description = 'Name of this result, for later cells.') =>
  mark(
    z.string().regex(NAME, 'is not a result name (letters, digits, - and _)'),
    { defines: true },
    description,
  )

export const completes = <T extends z.ZodType>(
  what: 'model' | 'metric' | 'column' | 'file' | 'provider',
  schema: T,
  description: string,
): T => mark(schema, { completes: what }, description)

export function markOf(schema: z.ZodType): ParamMark | undefined {
  return (schema.meta() as { mirage?: ParamMark } | undefined)?.mirage
}
