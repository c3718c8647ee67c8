import * as z from 'zod/mini'
import { printJson, readJson } from './json.ts'

/**
 * The saved outputs of a study: `name.mirage.outputs/index.json`, and beside it small files named by the sha256 of
 * their bytes. The index never holds binary data.
 */
export const OUTPUTS_VERSION = 1

/** `<sha256 in hex>.<ext>`: no folder, no way out of the outputs folder. */
const fileName = z.string().check(z.regex(/^[0-9a-f]{64}\.[a-z0-9]{1,8}$/, 'is not `<sha256>.<ext>`'))

// Read by JSON.parse, so it is JSON already; walking it again would be slow for large tables.
const jsonValue = z.custom<NonNullable<unknown> | null>(value => value !== undefined, 'is missing')

const savedItem = z.union([
  z.strictObject({ mime: z.string(), json: jsonValue }),
  z.strictObject({ mime: z.string(), text: z.string() }),
  z.strictObject({ mime: z.string(), file: fileName }),
])

const savedOutput = z.strictObject({
  /** Stable within the cell. */
  id: z.string(),
  /** Alternatives for the same thing, richest first. */
  items: z.array(savedItem),
  /** Files that the items speak of by hash. */
  files: z.optional(z.array(fileName)),
})

const savedCell = z.strictObject({
  /** sha256 of the cell's text when it ran. */
  textHash: z.string(),
  /** Key of the result that the outputs show; absent after a failure. */
  key: z.optional(z.string()),
  /** JSON of the named result, so that numbers can be compared where the cache is gone. */
  value: z.optional(fileName),
  succeeded: z.boolean(),
  /** ISO 8601. */
  finished: z.string(),
  milliseconds: z.number(),
  outputs: z.array(savedOutput),
})

const savedOutputs = z.strictObject({
  version: z.literal(OUTPUTS_VERSION),
  /** By cell id. */
  cells: z.record(z.string(), savedCell),
})

export type SavedItem = z.infer<typeof savedItem>
export type SavedOutput = z.infer<typeof savedOutput>
export type SavedCellOutputs = z.infer<typeof savedCell>
export type SavedOutputs = z.infer<typeof savedOutputs>

export const NO_OUTPUTS: SavedOutputs = { version: OUTPUTS_VERSION, cells: {} }

/** @throws FormatError `json-syntax`, `json-newer` or `json-shape`; an index of a newer version must not be written over */
export function readOutputs(text: string): SavedOutputs {
  return readJson(text, {
    called: 'index of saved outputs',
    schema: savedOutputs,
    version: OUTPUTS_VERSION,
    remedy: 'Delete the outputs folder; running the study makes it again.',
  })
}

export function printOutputs(saved: SavedOutputs): string {
  return printJson(saved)
}

/** The outputs with those of one cell replaced. */
export function withCellOutputs(saved: SavedOutputs, id: string, cell: SavedCellOutputs): SavedOutputs {
  return { ...saved, cells: { ...saved.cells, [id]: cell } }
}

/** The outputs of the cells that the study still has. */
export function keepOutputs(saved: SavedOutputs, ids: readonly string[]): SavedOutputs {
  return {
    ...saved,
    cells: Object.fromEntries(Object.entries(saved.cells).filter(([id]) => ids.includes(id))),
  }
}

/** Names of all files that the outputs need; every other file in the folder is left over. */
export function filesOf(saved: SavedOutputs): Set<string> {
  return new Set(
    Object.values(saved.cells).flatMap(cell => [
      ...(cell.value === undefined ? [] : [cell.value]),
      ...cell.outputs.flatMap(output => [
        ...output.items.flatMap(item => ('file' in item ? [item.file] : [])),
        ...(output.files ?? []),
      ]),
    ]),
  )
}

const EXTENSIONS: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'application/json': 'json',
  'text/plain': 'txt',
  'text/csv': 'csv',
  'text/html': 'html',
}

/**
 * Name of the file for stored bytes.
 *
 * @param hash sha256 in hex
 */
export function outputFile(hash: string, mime: string): string {
  const extension = EXTENSIONS[mime] ?? (mime.endsWith('+json') ? 'json' : 'bin')
  return fileName.parse(`${hash}.${extension}`)
}

/** The sha256 that a file of the outputs folder is named by. */
export function hashOf(file: string): string {
  return file.slice(0, 64)
}
