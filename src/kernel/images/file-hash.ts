import { stat as statWithCallback } from 'node:fs'
import { basename, dirname } from 'node:path'
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
  return (await hashWithState(store, path, await statOf(path, name))).hash
}

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
    await mapConcurrently(
      inFolder,
      FILES_AT_ONCE,
      async ({ index, file }) => {
        const { path, name } = files[index]
        const stats = await statOf(path, name)
        const state = stateOf(stats)
        const before = Object.hasOwn(known, file) ? known[file] : undefined
        if (before?.state === state) {
          hashes[index] = before.hash
          return
        }
        const { hash, settled } = await hashWithState(store, path, stats)
        hashes[index] = hash
        if (settled) fresh[file] = { state, hash }
      },
      signal,
    )
    if (Object.keys(fresh).length > 0) await store.putRecord('folder', key, { ...known, ...fresh })
  }
  return hashes
}

const FILES_AT_ONCE = 16

type State = Awaited<ReturnType<typeof statOf>>

const stateOf = ({ size, mtimeNs, ino }: State) => `${size} ${mtimeNs} ${ino}`

async function hashWithState(
  store: Store,
  path: string,
  { size, mtimeNs, mtimeMs, ino }: State,
): Promise<{ hash: string; settled: boolean }> {
  const key = hashOf({ path, size: String(size), mtime: String(mtimeNs), inode: String(ino) })
  const known = await store.getRecord<{ hash: string }>('file', key)
  if (known) return { hash: known.hash, settled: true }
  const hash = await hashFile(path)
  const settled = Date.now() - Number(mtimeMs) > SETTLED_MILLISECONDS
  if (settled) await store.putRecord('file', key, { hash })
  return { hash, settled }
}

async function statOf(path: string, name: string) {
  try {
    return await stat(path, { bigint: true })
  } catch (error) {
    throw new MirageError(
      {
        code: 'file-missing',
        message: `${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`,
        remedy: 'Check the path; relative paths start at the folder of the study.',
      },
      { cause: error },
    )
  }
}
