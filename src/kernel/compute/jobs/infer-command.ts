import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MirageError } from '../../errors.ts'
import { ingestBytes } from '../../images/ingest.ts'
import type { ModelManifest } from '../../models/manifest.ts'
import { findSr, keepSr, type SrRecord, srKey } from '../../models/sr-record.ts'
import type { ImageRef } from '../../protocol/mime.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { Store } from '../../store/store.ts'
import type { JobDefinition } from './definition.ts'
import type { InferProgress, InferredImage } from './infer.ts'

export interface InferCommandParams {
  /** Program and arguments, with {input} and {output}. */
  command: string[]
  /** Absolute folder that it runs in. */
  folder: string
  /** Hash of the command and its version. */
  sha256: string
  manifest: ModelManifest
  images: { id: string; lr: ImageRef }[]
}

/** Milliseconds between two looks at how much the program has written. */
const LOOK = 500

/**
 * Enlarges images with a program of the user's: the images that are not there yet are laid into a folder, the program runs
 * once over it, and what it wrote is taken by name. Aborting kills the program and everything it started.
 *
 * @throws MirageError `command-failed`, `command-incomplete`, `model-wrong-scale`
 */
export const inferCommand: JobDefinition<InferCommandParams, InferredImage[], InferProgress> = {
  async run(params, { storeRoot, signal, report }) {
    const { images, manifest, sha256 } = params
    const store = createFolderStore(storeRoot)
    const keys = images.map(({ lr }) => srKey({ model: sha256, manifest, lr: lr.hash, tile: 0, overlap: 0 }))
    const known = await Promise.all(keys.map(key => findSr(store, key)))
    const missing = images.flatMap((image, index) => (known[index] ? [] : [{ ...image, index }]))
    const size = ({ width, height }: ImageRef) => (width * height * manifest.scale ** 2) / 1e6
    const sum = (list: { lr: ImageRef }[]) => list.reduce((total, { lr }) => total + size(lr), 0)
    const [total, open] = [sum(images), sum(missing)]
    const made = new Map<number, SrRecord>()
    if (missing.length > 0) {
      await mkdir(join(store.root, 'tmp'), { recursive: true })
      const work = await mkdtemp(join(store.root, 'tmp', 'command-'))
      try {
        const seconds = await runOver(work, missing, params, store, signal, share => {
          report({ megapixels: total - open + share * open, total })
        })
        const failures: unknown[] = []
        for (const image of missing) {
          try {
            const sr = await take(work, image, manifest, store)
            const record = { sr, provider: 'command', tiles: 1, seconds: seconds / missing.length, notes: [] }
            await keepSr(store, keys[image.index], record)
            made.set(image.index, record)
          } catch (error) {
            failures.push(error)
          }
        }
        // What was written is kept; a second run is over the rest alone.
        if (failures.length > 0) throw failures[0]
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    }
    const results = images.map(({ id }, index): InferredImage => {
      const record = known[index] ?? made.get(index)!
      const sr = { ...record.sr, name: `${id} (${manifest.id})` }
      return { ...record, sr, id, cached: known[index] !== undefined }
    })
    report({ megapixels: total, total, finished: results.at(-1) })
    return results
  },
}

const nameOf = (index: number) => `image-${String(index + 1).padStart(5, '0')}`

/** Lays out the input, runs the program and returns its seconds. */
async function runOver(
  work: string,
  images: { lr: ImageRef; index: number }[],
  { command, folder, manifest }: InferCommandParams,
  store: Store,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<number> {
  const [input, output] = [join(work, 'input'), join(work, 'output')]
  await Promise.all([mkdir(input), mkdir(output)])
  for (const { lr, index } of images) {
    const extension = lr.mime.split('/')[1]
    await copyFile(store.objectPath(lr.hash), join(input, `${nameOf(index)}.${extension}`))
  }
  const [program, ...args] = command.map(part =>
    part
      .replaceAll('{input}', input)
      .replaceAll('{output}', output)
      .replaceAll('{scale}', String(manifest.scale)),
  )
  const looking = setInterval(() => {
    // A program may remove its folder and make it anew; the next look will tell.
    readdir(output)
      .then(files => onShare(Math.min(1, files.length / images.length)))
      .catch(() => {})
  }, LOOK)
  const started = performance.now()
  try {
    await execute(program, args, folder, signal)
  } finally {
    clearInterval(looking)
  }
  return (performance.now() - started) / 1000
}

function execute(program: string, args: string[], folder: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    // A group of its own, so that what the program starts can be ended with it.
    const child = spawn(program, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    let said = ''
    const listen = (chunk: Buffer) => {
      said = (said + chunk).slice(-2000)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    const stop = () => {
      if (process.platform === 'win32') child.kill()
      else if (child.pid !== undefined) endGroup(child.pid)
    }
    signal.addEventListener('abort', stop, { once: true })
    child.on('error', cause =>
      reject(commandFailed(program, `cannot be started (${cause.message})`, { cause })),
    )
    child.on('close', (code, killedBy) => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) reject(signal.reason)
      else if (code === 0) resolve()
      else {
        const last = said.trim().split('\n').slice(-3).join(' | ')
        reject(
          commandFailed(program, `ended with ${killedBy ?? `code ${code}`}`, {
            said: last || 'it said nothing',
          }),
        )
      }
    })
  })
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

async function take(
  work: string,
  { id, lr, index }: { id: string; lr: ImageRef; index: number },
  { id: method, scale }: ModelManifest,
  store: Store,
): Promise<ImageRef> {
  const files = await readdir(join(work, 'output'))
  // Programs add to the name ("_out"), so its beginning decides.
  const file = files.find(name => name.startsWith(nameOf(index)))
  if (file === undefined) {
    throw new MirageError({
      code: 'command-incomplete',
      message: `"${method}" wrote nothing for "${id}": {output} holds ${files.length} files, none of which begins with ${nameOf(index)}.`,
      remedy:
        'The program must write one image per input into {output}, under a name that begins with the name of the input.',
    })
  }
  const { image } = await ingestBytes(store, await readFile(join(work, 'output', file)), `${id} (${method})`)
  if (image.width !== lr.width * scale || image.height !== lr.height * scale) {
    throw new MirageError({
      code: 'model-wrong-scale',
      message: `"${method}" made ${image.width}x${image.height} of ${lr.width}x${lr.height} ("${id}") where x${scale} is ${lr.width * scale}x${lr.height * scale}.`,
      remedy: 'Correct `scale` in the model entry, or the arguments of the program.',
    })
  }
  return image
}

function commandFailed(
  program: string,
  why: string,
  { said, cause }: { said?: string; cause?: unknown },
): MirageError {
  return new MirageError(
    {
      code: 'command-failed',
      message: `${program} ${why}${said === undefined ? '' : `: ${said}`}.`,
      lasting: `${program} ${why}.`,
      remedy:
        "Run it in a terminal in the study's folder, with {input} and {output} replaced by two folders.",
    },
    { cause },
  )
}
