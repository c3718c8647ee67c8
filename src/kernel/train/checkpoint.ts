import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { MirageError } from '../errors.ts'
import { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.ts'

/** Everything that a training needs to go on. */
export interface Checkpoint<Progress> {
  /** Vectors by name. */
  vectors: Record<string, Float32Array>
  /** Where it is, and what it has logged: JSON. */
  progress: Progress
}

/**
 * Writes a checkpoint over the former one: a new file, flushed, then one rename, so that whatever happens one of the two is
 * there whole.
 *
 * @throws MirageError `checkpoint-failed` (a full disk, a folder that is not writable); the former one stays
 */
export async function writeCheckpoint<P>(path: string, { vectors, progress }: Checkpoint<P>): Promise<void> {
  const tensors: Safetensors['tensors'] = new Map()
  for (const [name, data] of Object.entries(vectors)) tensors.set(name, { dims: [data.length], data })
  const bytes = encodeSafetensors({ tensors, metadata: { progress: JSON.stringify(progress) } })
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw new MirageError(
      {
        code: 'checkpoint-failed',
        message: `The checkpoint (${(bytes.length / 1e6).toFixed(1)} MB) could not be written to ${path}: ${(cause as Error).message}.`,
        remedy:
          'Free space or make the folder writable, then run the cell again: it goes on from the checkpoint before.',
      },
      { cause },
    )
  }
}

/** Milliseconds after which nobody can be writing a file any more. */
const ABANDONED = 3_600_000

/** Removes what processes that were killed while they wrote the checkpoint have left. Another may be writing it now. */
export async function sweepCheckpoints(path: string): Promise<void> {
  const [folder, own] = [dirname(path), `${basename(path)}.`]
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    if (!name.startsWith(own) || !name.endsWith('.tmp')) continue
    const left = join(folder, name)
    const { mtimeMs } = await stat(left).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (Date.now() - mtimeMs > ABANDONED) await rm(left, { force: true })
  }
}

/**
 * Puts a checkpoint that could not be read out of the way, so that nothing is written over it; its new path, or undefined
 * where there is none.
 */
export async function setAside(path: string): Promise<string | undefined> {
  const aside = `${path}.damaged`
  try {
    await rename(path, aside)
    return aside
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The checkpoint, or undefined where there is none or it is damaged. */
export async function readCheckpoint<P>(path: string): Promise<Checkpoint<P> | undefined> {
  try {
    const { tensors, metadata } = decodeSafetensors(await readFile(path))
    const vectors = Object.fromEntries([...tensors].map(([name, { data }]) => [name, data]))
    return { vectors, progress: JSON.parse(metadata.progress) as P }
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const damaged = error instanceof MirageError || error instanceof SyntaxError
    if (absent || damaged) return undefined
    throw error
  }
}
