import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { EMPTY_LOCK, type Lock, type LockedCell, readLock } from '../../notebook/lock.ts'
import { diffLocks } from '../../notebook/lock-diff.ts'
import { NO_OUTPUTS, readOutputs, type SavedOutputs } from '../../notebook/outputs.ts'
import { lockPath, OUTPUTS_INDEX, outputsFolder } from '../../notebook/paths.ts'
import { type ErrorInfo, MirageError } from '../errors.ts'
import type { RunRequest } from '../protocol/messages.ts'
import type { VerifiedCell } from '../protocol/verified-cell.ts'
import { createFolderStore } from '../store/folder-store.ts'
import type { Store } from '../store/store.ts'
import type { Value } from '../value.ts'
import { compareValues, type ValueDifference } from './compare-values.ts'
import type { CellResult } from './result-book.ts'
import { lockedCell, type RunRecord } from './run-record.ts'
import type { Session } from './session.ts'

export interface VerifyOptions {
  request: RunRequest
  store: Store
  /** A session over another store and record. */
  open(store: Store, record: RunRecord): Session
}

/**
 * Computes a study again, with nothing taken from the cache but what was paid for (the judge's answers), and compares
 * each result with the one in the lock. The study's own outputs, lock and cache stay as they are.
 *
 * @throws MirageError `lock-missing` when there is nothing to compare with
 */
export async function verify({ request, store, open }: VerifyOptions): Promise<VerifiedCell[]> {
  const { study } = request
  const before = await readLockOf(study.path)
  const scratch = await scratchStore(store)
  try {
    const record = new Capture()
    const reply = await open(scratch, record).run(request)
    const ids = study.cells.map(({ id }) => id)
    const after: Lock = { ...EMPTY_LOCK, seed: study.seed, cells: Object.fromEntries(record.locked) }
    const causes = diffLocks(before, after)
    const saved = await readSaved(study.path)
    const found: VerifiedCell[] = []
    for (const cell of ids) {
      const result = record.results.get(cell)
      const error = record.errors.get(cell)
      const differences = result
        ? await valueDifferences(cell, before, result, { saved, store, scratch, path: study.path })
        : []
      const own = causes.filter(cause => cause.cell === undefined || cause.cell === cell)
      const known = before.cells[cell] !== undefined
      found.push({
        cell,
        verdict: verdictOf({
          failed: error !== undefined,
          ran: reply.succeeded.includes(cell),
          known,
          differs: own.length + differences.length > 0,
        }),
        causes: error || !result ? [] : own,
        differences,
        ...(error && { error }),
      })
    }
    return found
  } finally {
    await rm(scratch.root, { recursive: true, force: true })
  }
}

function verdictOf(state: {
  failed: boolean
  ran: boolean
  known: boolean
  differs: boolean
}): VerifiedCell['verdict'] {
  if (state.failed) return 'failed'
  if (!state.ran) return 'not run'
  if (!state.known) return 'not in the lock'
  return state.differs ? 'differs' : 'equal'
}

/** An empty store that shares the objects (they are named by content) and the judge's answers with another. */
async function scratchStore(store: Store): Promise<Store> {
  const root = join(store.root, `verify-${randomUUID()}`)
  for (const shared of ['objects', join('records', 'answer')]) {
    await mkdir(join(store.root, shared), { recursive: true })
    await mkdir(join(root, shared, '..'), { recursive: true })
    await symlink(join(store.root, shared), join(root, shared), 'junction')
  }
  return createFolderStore(root)
}

/** Keeps what a run leaves behind instead of writing it beside the study. */
class Capture implements RunRecord {
  readonly locked = new Map<string, LockedCell>()
  readonly results = new Map<string, CellResult>()
  readonly errors = new Map<string, ErrorInfo>()
  async lastKey() {
    return undefined
  }
  async succeeded(cell: string, _text: string, as: string | undefined, result: CellResult) {
    this.locked.set(cell, lockedCell(as, result))
    this.results.set(cell, result)
  }
  async failed(cell: string, _text: string, error: ErrorInfo) {
    this.errors.set(cell, error)
  }
  async finish() {}
}

interface Sources {
  saved: SavedOutputs
  store: Store
  scratch: Store
  path: string
}

async function valueDifferences(
  cell: string,
  before: Lock,
  result: CellResult,
  sources: Sources,
): Promise<ValueDifference[]> {
  const old = before.cells[cell]?.result
  if (old === undefined || result.value === undefined || old === result.value) return []
  const [was, is] = [await oldValue(old, cell, sources), await sources.scratch.getObject(result.value)]
  if (was === undefined) {
    return [{ row: '', column: 'result', before: old.slice(0, 12), after: result.value.slice(0, 12) }]
  }
  return compareValues(decode(was), decode(is))
}

/** From the cache, or from beside the study when that is still of the same run. */
async function oldValue(
  hash: string,
  cell: string,
  { saved, store, path }: Sources,
): Promise<Uint8Array | undefined> {
  if (await store.hasObject(hash)) return store.getObject(hash)
  const file = saved.cells[cell]?.value
  return file?.startsWith(hash) ? readFile(join(outputsFolder(path), file)) : undefined
}

const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as Value

async function readLockOf(path: string): Promise<Lock> {
  try {
    return readLock(await readFile(lockPath(path), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new MirageError({
      code: 'lock-missing',
      message: `There is no ${lockPath(path)} to verify against.`,
      remedy: 'Run the study once and keep its lock file with it.',
    })
  }
}

async function readSaved(path: string): Promise<SavedOutputs> {
  try {
    return readOutputs(await readFile(join(outputsFolder(path), OUTPUTS_INDEX), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NO_OUTPUTS
    throw error
  }
}
