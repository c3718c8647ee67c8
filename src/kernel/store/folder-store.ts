import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  createReadStream,
  open as openWithCallback,
  readFile as readFileWithCallback,
  rename as renameWithCallback,
  writeFile as writeFileWithCallback,
} from 'node:fs'
import { access, mkdir, opendir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { MirageError } from '../errors.ts'
import { isAbsent } from './absent.ts'
import type { Store } from './store.ts'

// Thousands of small files are read and written at a time, and these cost a third of those of `node:fs/promises`.
const open = promisify(openWithCallback)
const readFile = promisify(readFileWithCallback)
const rename = promisify(renameWithCallback)
const writeFile = promisify(writeFileWithCallback)

const HASH = /^[0-9a-f]{64}$/
const KEY = /^[\w.-]{1,200}$/

/**
 * A `Store` in a folder:
 *
 *     objects/ab/cdef...          bytes, named by their sha256
 *     records/<space>/ab/<key>.json
 *     tmp/                        files being written
 *
 * There is no index and no lock: a reader sees a whole file or none, and two writers of the same thing both succeed.
 * This is why no general cache library is used here; those that keep an index append to it, which is not atomic on NFS.
 */
export function createFolderStore(root: string): Store {
  return new FolderStore(root)
}

class FolderStore implements Store {
  readonly root: string
  constructor(root: string) {
    this.root = root
  }

  objectPath(hash: string): string {
    if (!HASH.test(hash)) throw new TypeError(`not a sha256: ${hash}`)
    return join(this.root, 'objects', hash.slice(0, 2), hash.slice(2))
  }

  async hasObject(hash: string): Promise<boolean> {
    return exists(this.objectPath(hash))
  }

  async getObject(hash: string): Promise<Uint8Array> {
    try {
      return await readFile(this.objectPath(hash))
    } catch (error) {
      if (!isNotFound(error)) throw error
      throw new MirageError({
        code: 'object-missing',
        message: `The stored object ${hash.slice(0, 12)} is not in ${this.root}.`,
        remedy: 'The cache was cleared or moved. Run the cell that made it again.',
      })
    }
  }

  async putObject(bytes: Uint8Array | string): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex')
    const path = this.objectPath(hash)
    if (!(await exists(path))) await this.#write(path, bytes)
    return hash
  }

  async adoptFile(path: string): Promise<string> {
    const hash = await hashFile(path)
    const target = this.objectPath(hash)
    if (await exists(target)) {
      await rm(path)
    } else {
      await mkdir(dirname(target), { recursive: true })
      await rename(path, target)
    }
    return hash
  }

  temporaryPath(): string {
    return join(this.root, 'tmp', `${process.pid}-${randomUUID()}`)
  }

  async getRecord<T>(space: string, key: string): Promise<T | undefined> {
    const path = this.#recordPath(space, key)
    if (isAbsent(path)) return undefined
    try {
      return JSON.parse(await readFile(path, 'utf8')) as T
    } catch (error) {
      // Records are written whole, so one that does not parse was damaged from outside: it is as good as absent.
      if (isNotFound(error) || error instanceof SyntaxError) return undefined
      throw error
    }
  }

  async putRecord(space: string, key: string, value: unknown): Promise<void> {
    await this.#write(this.#recordPath(space, key), JSON.stringify(value))
  }

  async *listRecords(space: string): AsyncIterable<string> {
    const folder = join(this.root, 'records', space)
    for await (const bucket of entries(folder)) {
      for await (const file of entries(join(folder, bucket))) {
        if (file.endsWith('.json')) yield file.slice(0, -'.json'.length)
      }
    }
  }

  #recordPath(space: string, key: string): string {
    if (!KEY.test(space) || !KEY.test(key)) throw new TypeError(`not a record name: ${space}/${key}`)
    return join(this.root, 'records', space, key.slice(0, 2), `${key}.json`)
  }

  async #write(path: string, bytes: Uint8Array | string): Promise<void> {
    const temporary = this.temporaryPath()
    // Both folders exist nearly always; making them only after a miss saves two system calls per write.
    await withFolder(temporary, () => writeThrough(temporary, bytes))
    await withFolder(path, () => rename(temporary, path))
  }
}

/** That bytes reach the disk as they are written, which takes no call more. Elsewhere it is not there, or promises less. */
const SYNCHRONOUS = process.platform === 'linux' ? constants.O_DSYNC : 0

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | SYNCHRONOUS

/** Writes a file so that it is whole after a power failure. `writeFile` with `flush` does the same in two calls more. */
async function writeThrough(path: string, bytes: Uint8Array | string): Promise<void> {
  const file = await open(path, NEW_FILE, 0o666)
  try {
    await writeFile(file, bytes, { flush: SYNCHRONOUS === 0 })
  } finally {
    closeSync(file)
  }
}

/** sha256 (hex) of a file's bytes, streamed. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function withFolder(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!isNotFound(error)) throw error
    await mkdir(dirname(path), { recursive: true })
    await action()
  }
}

async function* entries(folder: string): AsyncIterable<string> {
  try {
    for await (const entry of await opendir(folder)) yield entry.name
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}

function isNotFound(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}

/** Size of a stored object in bytes. */
export async function objectSize(store: Store, hash: string): Promise<number> {
  return (await stat(store.objectPath(hash))).size
}
