import { z } from 'zod'
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

export type Cause =
  | 'model'
  | 'prompt'
  | 'image'
  | 'judge'
  | 'provider'
  /** Of a step, a metric or a package. */
  | 'version'
  | 'parameters'
  | 'settings'
  | 'seed'
  /** The result of another cell, whose own differences say why; or something outside that has no cause of its own here. */
  | 'input'
  /** Everything that is written down is the same and yet the result is not. */
  | 'result'
  | 'added'
  | 'removed'

export interface LockDifference {
  /** Cell id; absent for what belongs to the whole study. */
  cell?: string
  cause: Cause
  /** What differs: the name of the model, the image, the setting ... */
  what: string
  before?: string
  after?: string
  /** For `input`: the cell that makes it, in the later lock. */
  from?: string
}

const FINGERPRINT_CAUSES: Record<string, Cause> = { images: 'image', models: 'model', prompts: 'prompt' }

/** By the name of a result: the cell that makes it, and its step. */
type Makers = ReadonlyMap<string, { id: string; step: string }>

/** Step of the cells that hold a prompt, whose parameters are the prompt itself. */
const PROMPT_STEP = 'prompt'

/**
 * Why the numbers of two runs may differ, by cell in order of id.
 *
 * @param a the earlier lock
 * @param b the later lock
 */
export function diffLocks(a: Lock, b: Lock): LockDifference[] {
  const makers: Makers = new Map(
    Object.entries(b.cells).flatMap(([id, { as, step }]) => (as === undefined ? [] : [[as, { id, step }]])),
  )
  const ids = [...new Set([...Object.keys(a.cells), ...Object.keys(b.cells)])].sort()
  return [
    ...diffEntries('seed', { seed: a.seed }, { seed: b.seed }),
    ...ids.flatMap(cell => diffCell(a.cells, b.cells, cell, makers)),
  ]
}

function diffCell(
  before: Lock['cells'],
  after: Lock['cells'],
  cell: string,
  makers: Makers,
): LockDifference[] {
  const [a, b] = [before, after].map(cells => (Object.hasOwn(cells, cell) ? cells[cell] : undefined))
  if (!a || !b) return [{ cell, cause: a ? 'removed' : 'added', what: (a ?? b)!.step }]
  const causes = [
    ...diffEntries(
      'version',
      { [`step ${b.step}`]: `${a.step} ${a.version}` },
      { [`step ${b.step}`]: `${b.step} ${b.version}` },
    ),
    ...diffParameters(a, b),
    ...diffFingerprints(a.fingerprint, b.fingerprint),
    ...diffEntries('judge', a.judge ?? {}, b.judge ?? {}),
    ...diffEntries('provider', { provider: a.provider }, { provider: b.provider }),
    ...diffSettings(a.settings, b.settings),
    ...diffEntries('version', a.packages, b.packages),
    ...diffEntries('input', a.inputs, b.inputs).map(each => {
      const maker = makers.get(each.what)
      if (!maker) return each
      return { ...each, from: maker.id, ...(maker.step === PROMPT_STEP && { cause: 'prompt' as const }) }
    }),
  ]
  const found = causes.length ? causes : diffEntries('result', { result: a.result }, { result: b.result })
  return found.map(difference => ({ cell, ...difference }))
}

function diffParameters(a: LockedCell, b: LockedCell): LockDifference[] {
  const [cause, what] =
    b.step === PROMPT_STEP ? (['prompt', b.as ?? b.step] as const) : (['parameters', 'parameters'] as const)
  return diffEntries(cause, { [what]: a.params }, { [what]: b.params })
}

function diffFingerprints(a: LockedCell['fingerprint'], b: LockedCell['fingerprint']): LockDifference[] {
  const kinds = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return kinds.flatMap(kind =>
    diffEntries(
      Object.hasOwn(FINGERPRINT_CAUSES, kind) ? FINGERPRINT_CAUSES[kind] : 'input',
      a[kind] ?? {},
      b[kind] ?? {},
    ),
  )
}

/** Settings are compared leaf by leaf; a leaf called `version` is the version of a metric. */
function diffSettings(a: LockedCell['settings'], b: LockedCell['settings']): LockDifference[] {
  return diffEntries('settings', Object.fromEntries(leaves(a)), Object.fromEntries(leaves(b))).map(
    difference =>
      /(?:^|\.)version$/.test(difference.what) ? { ...difference, cause: 'version' } : difference,
  )
}

function leaves(value: unknown, path = ''): [string, unknown][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [[path, value]]
  return Object.entries(value).flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`))
}

function diffEntries(cause: Cause, a: Record<string, unknown>, b: Record<string, unknown>): LockDifference[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return names.flatMap(what => {
    const [before, after] = [a, b].map(each => (Object.hasOwn(each, what) ? shown(each[what]) : undefined))
    if (before === after) return []
    return [{ cause, what, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]
  })
}

function shown(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : printJson(value).trimEnd()
}
