import type { StudyLanguage } from '../../kernel/protocol/messages.ts'
import { branches, membersOf, type Schema, schemasAt } from './schema.ts'

/** A result that a script cell sees. */
export interface SeenResult {
  name: string
  /** Kind of value: `table`, `prompt`, `model`, `proxy`, `json`. */
  kind: string
  /** Columns of a table, as far as they are known. */
  columns: readonly string[]
}

const IDENTIFIER = /^[A-Za-z_]\w*$/

/** Values as scripts have them (kernel/value.ts), and what else is in scope (kernel/script/scope.ts). */
const COMMON = `
interface MirageImage { hash: string; width: number; height: number }
interface MirageRow<C extends string> { id: string; method: string | null; seed?: number; images: { lr?: MirageImage; gt?: MirageImage; sr?: MirageImage }; values: { [name in C]: number | string | boolean | null } & Record<string, number | string | boolean | null>; missing?: Record<string, string>; tags?: string[] }
/** A row per image and method. */
interface MirageTable<C extends string = string> { kind: 'table'; scale?: number; columns: { name: string; [setting: string]: unknown }[]; rows: MirageRow<C>[] }
interface MiragePrompt { kind: 'prompt'; name: string; text: string }
interface MirageModel { kind: 'model'; name: string; onnx: string; manifest: Record<string, unknown> }
interface MirageProxy { kind: 'proxy'; name: string; model: Record<string, unknown> }
/** Seed of the study. */
declare const seed: number;
/** Aborts when the cell is interrupted. */
declare const signal: AbortSignal;
/** Shows a table, a Vega-Lite specification, encoded image bytes, or anything else as JSON. */
declare function show(value: unknown): void;
`

const TYPES: { readonly [kind: string]: string } = {
  prompt: 'MiragePrompt',
  model: 'MirageModel',
  proxy: 'MirageProxy',
  json: 'any',
}

/**
 * Declarations that stand behind a script cell's text while the editor checks it. They make a module of it, so that
 * `await` may stand at its top and cells do not see each other's constants, and they give it the named results of the
 * cells before it and the steps as functions.
 */
export function scriptTypes({ steps }: StudyLanguage, results: readonly SeenResult[]): string {
  const members = results.map(result => [result.name, typeOf(result)] as const)
  const constants = members
    .filter(([name]) => IDENTIFIER.test(name))
    .map(([name, type]) => `declare const ${name}: ${type};`)
  const all = members.map(([name, type]) => `${JSON.stringify(name)}: ${type}`).join('; ')
  const callable = steps.map(
    ({ name, summary, schema }) =>
      `/** ${summary.replaceAll('*/', '')} */ ${name}(params: ${paramsOf(schema as Schema)}): Promise<any>`,
  )
  return [
    '',
    'export {};',
    COMMON,
    `declare const results: { ${all} };`,
    `declare const steps: { ${callable.join('; ')} };`,
    ...constants,
  ].join('\n')
}

function typeOf({ kind, columns }: SeenResult): string {
  if (kind !== 'table') return TYPES[kind] ?? 'any'
  return columns.length > 0
    ? `MirageTable<${columns.map(name => JSON.stringify(name)).join(' | ')}>`
    : 'MirageTable'
}

function paramsOf(schema: Schema): string {
  const members = [...membersOf(schemasAt(schema, []))].filter(([name]) => name !== 'as')
  return `{ ${members
    .map(([name, { schema: member, required }]) => {
      const note = member.description ? `/** ${member.description.replaceAll('*/', '')} */ ` : ''
      return `${note}${JSON.stringify(name)}${required ? '' : '?'}: ${typeScript(member)}`
    })
    .join('; ')} }`
}

/** A parameter's type. A table may be given wherever a result is named. */
function typeScript(schema: Schema): string {
  const texts = branches(schema).flatMap(option => {
    const value =
      option.mirage && 'reads' in option.mirage ? ['MirageTable', 'MirageModel', 'MirageProxy'] : []
    return [...value, plain(option)]
  })
  return [...new Set(texts)].join(' | ') || 'unknown'
}

function plain(option: Schema): string {
  if (option.enum) return option.enum.map(value => JSON.stringify(value)).join(' | ')
  if (option.const !== undefined) return JSON.stringify(option.const)
  switch (option.type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return option.type
    case 'integer':
      return 'number'
    case 'array':
      return `(${option.items ? typeScript(option.items) : 'unknown'})[]`
    default:
      return 'any'
  }
}
