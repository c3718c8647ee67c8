import type { Lock, LockedCell } from './lock.ts'

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

const FINGERPRINT_CAUSES: Record<string, Cause> = {
  images: 'image',
  models: 'model',
  networks: 'model',
  prompts: 'prompt',
  endpoints: 'judge',
  answers: 'judge',
  estimate: 'version',
}

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
    ...diffJudges(a.judge ?? {}, b.judge ?? {}),
    ...diffFingerprints(a.fingerprint, b.fingerprint),
    ...diffEntries('provider', { provider: a.provider }, { provider: b.provider }),
    ...diffSettings(a.settings, b.settings),
    ...diffPackages(a.packages, b.packages),
    ...diffEntries('input', a.inputs, b.inputs).map(each => {
      const maker = makers.get(each.what)
      if (!maker) return each
      return { ...each, from: maker.id, ...(maker.step === PROMPT_STEP && { cause: 'prompt' as const }) }
    }),
  ]
  const found = causes.length
    ? once(causes)
    : diffEntries('result', { result: a.result }, { result: b.result })
  return found.map(difference => ({ cell, ...difference }))
}

/** Without what says the same change again: of the same thing, or as a hash that stands among the settings. */
function once(causes: LockDifference[]): LockDifference[] {
  const isHash = ({ cause, before = '', after = '' }: LockDifference) =>
    cause === 'settings' && HASH.test(before) && HASH.test(after)
  const told = causes.some(({ cause }) => cause !== 'settings')
  return causes.filter(
    (each, i) =>
      !(told && isHash(each)) &&
      causes.findIndex(({ cause, what }) => cause === each.cause && what === each.what) === i,
  )
}

const HASH = /^[0-9a-f]{64}$/

/** A judge that one of the runs does not have is named as a whole; one that both have, by the settings that differ. */
function diffJudges(
  a: NonNullable<LockedCell['judge']>,
  b: NonNullable<LockedCell['judge']>,
): LockDifference[] {
  const shared = (judges: typeof a, others: typeof b) =>
    Object.fromEntries(
      Object.entries(judges).flatMap(([name, settings]) =>
        Object.hasOwn(others, name) ? leaves(settings, name) : [[name, settings]],
      ),
    )
  return diffEntries('judge', shared(a, b), shared(b, a))
}

/** A package that only one of the runs wrote down is no other version. */
function diffPackages(a: LockedCell['packages'], b: LockedCell['packages']): LockDifference[] {
  return diffEntries('version', a, b).filter(
    ({ before, after }) => before !== undefined && after !== undefined,
  )
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

/** By the last name of a leaf, where it is more than a setting. */
const LEAF_CAUSES: Record<string, Cause> = { version: 'version', provider: 'provider', providers: 'provider' }

/** Settings are compared leaf by leaf, without what a run of the judges took: calls, tokens, money. */
function diffSettings(a: LockedCell['settings'], b: LockedCell['settings']): LockDifference[] {
  const [before, after] = [a, b].map(({ judges: _, ...settings }) => Object.fromEntries(leaves(settings)))
  return diffEntries('settings', before, after).map(difference => {
    const leaf = difference.what.split('.').at(-1)!
    return Object.hasOwn(LEAF_CAUSES, leaf) ? { ...difference, cause: LEAF_CAUSES[leaf] } : difference
  })
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

/** A line: a list by its items, a record by its leaves. */
function shown(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  if (value === null || typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.map(shown).join(', ')
  return leaves(value)
    .filter(([, leaf]) => leaf !== undefined)
    .map(([name, leaf]) => `${name} ${shown(leaf)}`)
    .sort()
    .join(', ')
}
