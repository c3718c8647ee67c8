import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { MirageError } from '../errors.ts'
import { hashFile } from '../store/folder-store.ts'
import { CATALOG } from './catalog.ts'
import { type DownloadOptions, download } from './download.ts'
import { userModels } from './folder.ts'
import { inspectModel } from './inspect.ts'
import { manifestFile } from './manifest.ts'

export interface AddRequest {
  /** HTTPS address or path of an ONNX file. */
  from: string
  /** What studies call it. */
  id: string
  /** What the file does not say of itself, as in `<file>.onnx.json`. */
  manifest: Record<string, unknown>
}

export interface AddedModel {
  path: string
  sha256: string
  /** What is still unknown of it and must be said where it is used. */
  missing: string[]
}

/**
 * Puts a model among the user's own, so that studies can name it: the file, checked to be an ONNX network from one image
 * to one, and beside it what is known of it with its source and checksum.
 *
 * @throws MirageError `model-id`, `manifest-invalid`, `model-unreadable`, `model-unsupported`, `file-missing`, and those of `download`
 */
export async function addModel(
  { from, id, manifest }: AddRequest,
  options: DownloadOptions,
  folder = userModels(),
): Promise<AddedModel> {
  requireFree(id)
  const said = parse(manifest)
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${id}.onnx`)
  const arriving = join(folder, `.${id}.arriving`)
  const sha256 = /^https?:/.test(from)
    ? await download(from, arriving, options)
    : await copy(from, arriving, options)
  try {
    const { embedded, ...shown } = inspectModel(await readFile(arriving))
    const known = { ...shown, ...embedded, source: from, ...said, id, sha256 }
    await writeFile(`${path}.json`, `${JSON.stringify(known, null, 2)}\n`)
    await rename(arriving, path)
    const needed = ['layout', 'colour', 'range'] as const
    return { path, sha256, missing: needed.filter(name => known[name] === undefined) }
  } catch (error) {
    await rm(arriving, { force: true })
    throw error
  }
}

/** Takes a model of the user's away. @throws MirageError `model-unknown` */
export async function removeModel(id: string, folder = userModels()): Promise<void> {
  requireName(id)
  const path = join(folder, `${id}.onnx`)
  try {
    await rm(path)
  } catch (cause) {
    throw new MirageError(
      {
        code: 'model-unknown',
        message: `There is no added model "${id}".`,
        remedy: 'mirage models list shows them.',
      },
      { cause },
    )
  }
  await rm(`${path}.json`, { force: true })
}

async function copy(from: string, to: string, { sha256 }: DownloadOptions): Promise<string> {
  const path = resolve(from)
  try {
    await copyFile(path, to)
  } catch (cause) {
    throw new MirageError(
      { code: 'file-missing', message: `${path} cannot be read.`, remedy: 'Check the path.' },
      { cause },
    )
  }
  const actual = await hashFile(to)
  if (sha256 === undefined || sha256.toLowerCase() === actual) return actual
  await rm(to)
  throw new MirageError({
    code: 'checksum-mismatch',
    message: `${path} has the sha256 ${actual} where ${sha256} is expected.`,
    remedy: 'Copy the file again, or correct the checksum.',
  })
}

function parse(manifest: Record<string, unknown>): z.output<typeof manifestFile> {
  const parsed = manifestFile.strict().safeParse(manifest)
  if (parsed.success) return parsed.data
  throw new MirageError({
    code: 'manifest-invalid',
    message: `What is said of the model cannot be: ${z.prettifyError(parsed.error)}`,
    remedy: `It may give ${Object.keys(manifestFile.shape).join(', ')}.`,
  })
}

function requireFree(id: string): void {
  requireName(id)
  if (!Object.hasOwn(CATALOG, id)) return
  throw new MirageError({
    code: 'model-id',
    message: `"${id}" is a model that comes with Mirage.`,
    remedy: 'Choose another id.',
  })
}

function requireName(id: string): void {
  if (/^[\w-][\w.-]*$/.test(id)) return
  throw new MirageError({
    code: 'model-id',
    message: `"${id}" is no model id.`,
    remedy: 'Use letters, digits, ".", "-" and "_".',
  })
}
