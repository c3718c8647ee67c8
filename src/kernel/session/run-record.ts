import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FormatError } from '../../notebook/errors.ts'
import {
  EMPTY_LOCK,
  keepLocks,
  type Lock,
  type LockedCell,
  printLock,
  readLock,
  withCellLock,
} from '../../notebook/lock.ts'
import {
  filesOf,
  keepOutputs,
  NO_OUTPUTS,
  outputFile,
  printOutputs,
  readOutputs,
  type SavedCellOutputs,
  type SavedItem,
  type SavedOutput,
  type SavedOutputs,
  withCellOutputs,
} from '../../notebook/outputs.ts'
import { OUTPUTS_PAGE, printOutputsPage } from '../../notebook/outputs-page.ts'
import { lockPath, OUTPUTS_INDEX, outputsFolder } from '../../notebook/paths.ts'
import { type ErrorInfo, MirageError } from '../errors.ts'
import type { Output, OutputItem, Study } from '../protocol/messages.ts'
import { canonicalJson, hashOf } from '../store/canonical.ts'
import { sniffMime } from '../store/sniff.ts'
import type { Store } from '../store/store.ts'
import { VERSION } from '../version.ts'
import { imagesIn } from './images-in.ts'
import type { CellResult } from './result-book.ts'

/** Full-size images saved beside a study, per cell; thumbnails are always saved. The cache holds the rest. */
const BYTES_OF_IMAGES_PER_CELL = 4_000_000

const BYTES_OF_A_VALUE = 2_000_000

/** What a run leaves beside the study: its outputs folder and its lock file. */
export interface RunRecord {
  /** Key of the result that the cell's saved outputs show. */
  lastKey(cell: string): Promise<string | undefined>
  succeeded(cell: string, text: string, as: string | undefined, result: CellResult): Promise<void>
  failed(cell: string, text: string, error: ErrorInfo): Promise<void>
  /** Writes the lock, and forgets what the study no longer has. */
  finish(study: Study): Promise<void>
}

export function createRunRecord(studyPath: string, store: Store): RunRecord {
  return new FileRecord(studyPath, store)
}

class FileRecord implements RunRecord {
  readonly #store: Store
  readonly #study: string
  readonly #folder: string
  readonly #lockPath: string
  /** The index as it was read or written last. */
  #index: { stamp: string | undefined; saved: SavedOutputs } | undefined
  /** What the lock file does not hold yet. */
  readonly #locked = new Map<string, LockedCell>()

  constructor(studyPath: string, store: Store) {
    this.#store = store
    this.#study = studyPath
    this.#folder = outputsFolder(studyPath)
    this.#lockPath = lockPath(studyPath)
  }

  async lastKey(cell: string): Promise<string | undefined> {
    return (await this.#read()).cells[cell]?.key
  }

  async succeeded(cell: string, text: string, as: string | undefined, result: CellResult): Promise<void> {
    this.#locked.set(cell, lockedCell(as, result))
    const { key, finished, milliseconds } = result
    const last = (await this.#read()).cells[cell]
    const textHash = sha256(text)
    // The very result that is saved; one that was made anew under its key need not be the same.
    if (last?.key === key && last.textHash === textHash && last.finished === finished) return
    const outputs = await this.#saveOutputs(result.outputs)
    const value = result.value && (await this.#copyValue(result.value))
    await this.#save(cell, {
      textHash,
      key,
      ...(value && { value }),
      succeeded: true,
      finished,
      milliseconds,
      outputs,
    })
  }

  async failed(cell: string, text: string, error: ErrorInfo): Promise<void> {
    const message = [error.message, error.remedy].filter(Boolean).join('\n')
    const outputs = [{ id: 'error', items: [{ mime: 'text/plain', text: message }] }]
    const finished = new Date().toISOString()
    await this.#save(cell, {
      textHash: sha256(text),
      succeeded: false,
      finished,
      milliseconds: 0,
      outputs,
    })
  }

  async finish(study: Study): Promise<void> {
    const ids = study.cells.map(({ id }) => id)
    const lock = [...this.#locked].reduce(
      (value, [id, cell]) => withCellLock(value, id, cell),
      await this.#readLock(),
    )
    const text = printLock(keepLocks({ ...lock, seed: study.seed }, ids))
    if (text !== (await readIfThere(this.#lockPath))) await writeWhole(this.#lockPath, text)
    this.#locked.clear()
    const known = await this.#read()
    if (Object.keys(known.cells).some(id => !ids.includes(id)))
      await this.#write(saved => keepOutputs(saved, ids))
    await this.#writePage(ids)
    await this.#sweep()
  }

  async #writePage(cells: string[]): Promise<void> {
    const saved = await this.#read()
    if (Object.keys(saved.cells).length === 0) return
    const path = join(this.#folder, OUTPUTS_PAGE)
    const text = printOutputsPage({ study: basename(this.#study), cells, saved })
    if (text !== (await readIfThere(path))) await writeWhole(path, text)
  }

  async #saveOutputs(outputs: Output[]): Promise<SavedOutput[]> {
    let budget = BYTES_OF_IMAGES_PER_CELL
    const saved: SavedOutput[] = []
    for (const { id, items } of outputs) {
      const files = new Set<string>()
      const savedItems: SavedItem[] = []
      for (const item of items) {
        if ('object' in item) {
          const file = await this.#copy(item.object)
          if (file) savedItems.push({ mime: item.mime, file })
          continue
        }
        savedItems.push(item as Exclude<OutputItem, { object: string }> as SavedItem)
        if (!('json' in item)) continue
        const { thumbs, images } = imagesIn(item.json)
        for (const hash of thumbs) files.add((await this.#copy(hash)) ?? '')
        for (const hash of images) {
          const size = await sizeOf(this.#store.objectPath(hash))
          if (size === undefined || size > budget) continue
          budget -= size
          files.add((await this.#copy(hash)) ?? '')
        }
      }
      files.delete('')
      saved.push({ id, items: savedItems, ...(files.size && { files: [...files].sort() }) })
    }
    return saved
  }

  /** Larger tables stay in the cache alone: the folder beside a study is for reading and for git. */
  async #copyValue(hash: string): Promise<string | undefined> {
    const size = await sizeOf(this.#store.objectPath(hash))
    return size !== undefined && size <= BYTES_OF_A_VALUE ? this.#copy(hash) : undefined
  }

  /** Copies a stored object into the outputs folder; undefined when the cache no longer has it. */
  async #copy(hash: string): Promise<string | undefined> {
    const source = this.#store.objectPath(hash)
    try {
      const name = outputFile(hash, await sniffMime(source))
      const target = join(this.#folder, name)
      if ((await sizeOf(target)) === undefined) {
        await mkdir(this.#folder, { recursive: true })
        const temporary = `${target}.${process.pid}.tmp`
        await copyFile(source, temporary)
        await rename(temporary, target)
      }
      return name
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** The index as it is now: another program, or git, may have written it since. */
  async #read(): Promise<SavedOutputs> {
    const path = join(this.#folder, OUTPUTS_INDEX)
    const stamp = await stampOf(path)
    if (!this.#index || this.#index.stamp !== stamp) {
      const text = await readIfThere(path)
      this.#index = { stamp, saved: text === undefined ? NO_OUTPUTS : readable(() => readOutputs(text)) }
    }
    return this.#index.saved
  }

  /** Writes nothing where only the times are others, so that git sees what has changed. */
  async #save(cell: string, entry: SavedCellOutputs): Promise<void> {
    const last = (await this.#read()).cells[cell]
    if (last && withoutTimes(last) === withoutTimes(entry)) return
    await this.#write(saved => withCellOutputs(saved, cell, entry))
  }

  async #write(change: (saved: SavedOutputs) => SavedOutputs): Promise<void> {
    const saved = change(await this.#read())
    await mkdir(this.#folder, { recursive: true })
    const stamp = await writeWhole(join(this.#folder, OUTPUTS_INDEX), printOutputs(saved))
    this.#index = { stamp, saved }
  }

  async #readLock(): Promise<Lock> {
    const text = await readIfThere(this.#lockPath)
    return text === undefined ? EMPTY_LOCK : readable(() => readLock(text))
  }

  /** Removes files that no saved output speaks of. */
  async #sweep(): Promise<void> {
    const used = filesOf(await this.#read())
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names) {
      if (/^[0-9a-f]{64}\./.test(name) && !used.has(name)) await rm(join(this.#folder, name), { force: true })
    }
  }
}

/** Facts that have places of their own in the lock; a step without a provider may say null. */
interface Facts {
  provider?: string | null
  /** Each with its name and the settings that it was asked with. */
  judges?: { name: string; settings?: object }[]
  [setting: string]: unknown
}

export function lockedCell(as: string | undefined, { lock, value }: CellResult): LockedCell {
  const { provider, judges = [], ...settings } = lock.settings as Facts
  const judge = Object.fromEntries(judges.map(({ name, settings: asked }) => [name, asked ?? {}]))
  return {
    step: lock.step,
    version: lock.version,
    params: hashOf(lock.params),
    ...(as !== undefined && { as }),
    inputs: lock.inputs,
    fingerprint: lock.fingerprint,
    // A figure that could not be had (an interval over one image) is null, as JSON writes it.
    settings: JSON.parse(
      JSON.stringify(judges.length > 0 ? { ...settings, judges } : settings),
    ) as LockedCell['settings'],
    ...(judges.length > 0 && { judge: judge as LockedCell['judge'] }),
    ...(provider && { provider }),
    packages: lock.packages ?? { mirage: VERSION },
    ...(value !== undefined && { result: value }),
  }
}

/** A file of a newer version, or one that somebody broke, is said and never written over. */
function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const { code, message, remedy } = error.info
    throw new MirageError({ code, message, remedy })
  }
}

const withoutTimes = ({ finished: _, milliseconds: __, ...rest }: SavedCellOutputs) => canonicalJson(rest)

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch {
    return undefined
  }
}

/** Another for every version of a file, whoever wrote it; undefined where there is none. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true })
    return `${ino} ${mtimeNs} ${size}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** @returns the stamp of what was written, also where another program has replaced it at once */
async function writeWhole(path: string, text: string): Promise<string | undefined> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, text, { flush: true })
  const stamp = await stampOf(temporary)
  await rename(temporary, path)
  return stamp
}
