import { stat } from 'node:fs/promises'
import { MirageError } from '../errors.ts'
import { hashOf } from '../store/canonical.ts'
import { hashFile } from '../store/folder-store.ts'
import type { Store } from '../store/store.ts'

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
  if (Date.now() - Number(mtimeMs) > SETTLED_MILLISECONDS) await store.putRecord('file', key, { hash })
  return hash
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
