import type { Output } from '../protocol/messages.ts'
import { type ColumnInfo, MIME } from '../protocol/mime.ts'
import type { Store } from '../store/store.ts'
import type { StudyTable, Value } from '../value.ts'

/** A script's value as an output: a table, a chart, a picture, or JSON. */
export async function outputOf(value: unknown, id: string, store: Store): Promise<Output> {
  if (isTable(value))
    return { id, items: [{ mime: MIME.table, json: tablePayload(value) }, text(`${value.rows.length} rows`)] }
  if (isVegaLite(value)) {
    const title = typeof value.title === 'string' ? value.title : 'Chart'
    const description = typeof value.description === 'string' ? value.description : title
    return { id, items: [{ mime: MIME.chart, json: { spec: value, title, description } }, text(description)] }
  }
  if (value instanceof Uint8Array) {
    const object = await store.putObject(value)
    return { id, items: [{ mime: imageMime(value), object }, text(`an image of ${value.length} bytes`)] }
  }
  return {
    id,
    items: [text(typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? String(value)))],
  }
}

/** What a script's default export is bound to. */
export function boundValue(exported: unknown): Value | undefined {
  if (exported === undefined || exported instanceof Uint8Array) return undefined
  return isTable(exported) ? exported : { kind: 'json', value: exported }
}

const text = (content: string) => ({ mime: 'text/plain', text: content })

const isTable = (value: unknown): value is StudyTable => (value as StudyTable | null)?.kind === 'table'

const isVegaLite = (value: unknown): value is Record<string, unknown> => {
  const { $schema, mark } = (value ?? {}) as { $schema?: unknown; mark?: unknown }
  return (typeof $schema === 'string' && $schema.includes('vega-lite')) || mark !== undefined
}

function tablePayload({ columns, rows }: StudyTable): {
  columns: ColumnInfo[]
  keys: string[]
  rows: object[]
} {
  return {
    columns,
    keys: ['id', 'method'],
    rows: rows.map(({ id, method, values }) => ({ id, method, ...values })),
  }
}

function imageMime(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'image/jpeg'
  return bytes[0] === 0x89 ? 'image/png' : 'image/webp'
}
