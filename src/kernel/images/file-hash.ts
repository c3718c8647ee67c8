import { type BigIntStats, statSync, stat as statWithCallback } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { mapConcurrently } from '../concurrent.ts'
import { MirageError } from '../errors.ts'
import { hashOf } from '../store/canonical.ts'
import { hashFile } from '../store/folder-store.ts'
import type { Store } from '../store/store.ts'

// A study of many images asks for the state of each: this costs half of what `node:fs/promises` does.
const stat = promisify(statWithCallback)

/** A file that changed this recently may change again within the same time stamp, so its hash is not remembered. */
const SETTLED_MILLISECONDS = 2000

/**
 * sha256 (hex) of a file's bytes. It is remembered in the store by path, size, time stamp and inode, so that a file that
 * was not touched is not read again.
 *
 * @throws MirageError `file-missing`
 */
export async function fileHash(store: Store, path: string, name = path): Promise<string> {
  const { size, mtimeNs, mtimeMs, ino } = await statOf(path, name)
  const key = hashOf({ path, size: String(size), mtime: String(mtimeNs), inode: String(ino) })
  const known = await store.getRecord<{ hash: string }>('file', key)
  if (known) return known.hash
  const hash = await hashFile(path)
  if (isSettled(mtimeMs)) await store.putRecord('file', key, { hash })
  return hash
}

const isSettled = (mtimeMs: bigint) => Date.now() - Number(mtimeMs) > SETTLED_MILLISECONDS

/** What a file was when its hash was taken. */
type Remembered = Record<string, { state: string; hash: string }>

/**
 * `fileHash` of many files, in their order. What is known of a folder's files is remembered together: a study of 100,000
 * images reads a few files for it instead of one per image.
 *
 * @throws MirageError `file-missing`
 */
export async function fileHashes(
  store: Store,
  files: readonly { path: string; name: string }[],
  signal: AbortSignal,
): Promise<string[]> {
  const hashes = new Array<string>(files.length)
  const places = files.map(({ path }, index) => ({ index, folder: dirname(path), file: basename(path) }))
  for (const [folder, inFolder] of Map.groupBy(places, place => place.folder)) {
    const key = hashOf({ folder })
    const known = (await store.getRecord<Remembered>('folder', key)) ?? {}
    const fresh: Remembered = {}
    const near = isNear(inFolder.map(({ index }) => files[index].path))
    await mapConcurrently(
      inFolder,
      near ? 1 : FILES_AT_ONCE,
      async ({ index, file }, n) => {
        const { path, name } = files[index]
        if (near && n % FILES_PER_TURN === 0) await turn()
        const { size, mtimeNs, mtimeMs, ino } = near ? statNow(path, name) : await statOf(path, name)
        const state = `${size} ${mtimeNs} ${ino}`
        const before = Object.hasOwn(known, file) ? known[file] : undefined
        if (before?.state === state) {
          hashes[index] = before.hash
          return
        }
        const hash = await hashFile(path)
        hashes[index] = hash
        if (isSettled(mtimeMs)) fresh[file] = { state, hash }
      },
      signal,
    )
    if (Object.keys(fresh).length > 0) await store.putRecord('folder', key, { ...known, ...fresh })
  }
  return hashes
}

const FILES_AT_ONCE = 16
/** Files of a near folder that are looked at before anything else gets its turn. */
const FILES_PER_TURN = 500
/** Milliseconds below which waiting for the answer of a disk costs more than the answer itself. */
const NEAR_MILLISECONDS = 0.1

/** Whether a folder answers at once, as a local disk does and a network's mostly does not; tried with a few files. */
function isNear(paths: readonly string[]): boolean {
  const tried = paths.slice(0, 16)
  const started = performance.now()
  for (const path of tried) statSync(path, { bigint: true, throwIfNoEntry: false })
  return performance.now() - started < NEAR_MILLISECONDS * tried.length
}

function statNow(path: string, name: string): BigIntStats {
  try {
    return statSync(path, { bigint: true })
  } catch (error) {
    throw missing(name, error)
  }
}

async function statOf(path: string, name: string): Promise<BigIntStats> {
  try {
    return await stat(path, { bigint: true })
  } catch (error) {
    throw missing(name, error)
  }
}

const missing = (name: string, cause: unknown): MirageError =>
  new MirageError(
    {
      code: 'file-missing',
      message: `${name} cannot be read (${(cause as NodeJS.ErrnoException).code ?? cause}).`,
      remedy: 'Check the path; relative paths start at the folder of the study.',
    },
    { cause },
  )
