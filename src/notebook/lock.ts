import * as z from 'zod'
import { printJson, readJson } from './json.ts'

/**
 * What made the numbers of a study, cell by cell: `name.mirage.lock.json`, committed beside it. Hashes are sha256 in hex.
 */
export const LOCK_VERSION = 1

const json = z.record(z.string(), z.json())
const texts = z.record(z.string(), z.string())

const lockedCell = z.strictObject({
  /** Name of the step, or the kind of the cell where it is none. */
  step: z.string(),
  version: z.number().int(),
  /** Hash of the normalised parameters. */
  params: z.string(),
  /** Name of the result, where the cell has one. */
  as: z.string().optional(),
  /** Hashes of the results that the cell reads, by name. */
  inputs: texts.default({}),
  /** Hashes of what lies outside the document, by kind and name: `images`, `models`, `prompts`. */
  fingerprint: z.record(z.string(), texts).default({}),
  /** Settings of metrics and the like that change numbers. */
  settings: json.default({}),
  /** Judge model, endpoint and sampling settings; never a key. */
  judge: json.optional(),
  /** Execution provider that was used. */
  provider: z.string().optional(),
  packages: texts.default({}),
  /** Hash of the result. */
  result: z.string().optional(),
})

const lock = z.strictObject({
  version: z.literal(LOCK_VERSION),
  seed: z.number().int().optional(),
  /** By cell id. */
  cells: z.record(z.string(), lockedCell),
})

export type LockedCell = z.infer<typeof lockedCell>
export type Lock = z.infer<typeof lock>

export const EMPTY_LOCK: Lock = { version: LOCK_VERSION, cells: {} }

/** @throws FormatError `json-syntax`, `json-newer` or `json-shape`; a lock of a newer version must not be written over */
export function readLock(text: string): Lock {
  return readJson(text, {
    called: 'lock file',
    schema: lock,
    version: LOCK_VERSION,
    remedy: 'Take the last good version from git, or delete the file; running the study makes it again.',
  })
}

export function printLock(value: Lock): string {
  return printJson(value)
}

/** The lock with the section of one cell replaced. */
export function withCellLock(value: Lock, id: string, cell: LockedCell): Lock {
  return { ...value, cells: { ...value.cells, [id]: cell } }
}

/** The lock of the cells that the study still has. */
export function keepLocks(value: Lock, ids: readonly string[]): Lock {
  return {
    ...value,
    cells: Object.fromEntries(Object.entries(value.cells).filter(([id]) => ids.includes(id))),
  }
}
