import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import * as z from 'zod'
import { MirageError } from '../errors.ts'
import { externalFiles } from '../onnx/read.ts'
import { hashFile } from '../store/folder-store.ts'
import { CATALOG } from './catalog.ts'
import { type DownloadOptions, download } from './download.ts'
import { addedModel, userModels } from './folder.ts'
import { inspectModel } from './inspect.ts'
import { manifestFile } from './manifest.ts'

export interface AddRequest {
  /** HTTPS address or path of an ONNX file, or `hf:owner/name[@revision]/path` for one on Hugging Face. */
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
 * to one, with the files that hold its large tensors, and beside it what is known of it with its source and checksum.
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
  const source = addressOf(from)
  const arriving = join(folder, `.${id}.arriving`)
  const sha256 = await fetchFile(source, arriving, options)
  try {
    const bytes = await readFile(arriving)
    const { embedded, ...shown } = inspectModel(bytes)
    const known = { ...shown, ...embedded, source: from, ...said, id, sha256 }
    const outside = externalFiles(bytes)
    const home = outside.length > 0 ? join(folder, id) : folder
    const path = join(home, `${id}.onnx`)
    for (const name of outside) {
      requireBeside(name)
      await fetchFile(besides(source, name), join(home, name), { ...options, sha256: undefined })
    }
    await writeFile(`${path}.json`, `${JSON.stringify(known, null, 2)}\n`)
    // Last, because a model is there when its file is.
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
  const path = addedModel(id, folder)
  if (path === undefined) {
    throw new MirageError({
      code: 'model-unknown',
      message: `There is no added model "${id}".`,
      remedy: 'mirage models list shows them.',
    })
  }
  if (dirname(path) !== folder) return rm(dirname(path), { recursive: true })
  await rm(path)
  await rm(`${path}.json`, { force: true })
}

/** `hf:owner/name[@revision]/path` is a file of a model repository on Hugging Face; `HF_ENDPOINT` names a mirror. */
export function addressOf(from: string, env: NodeJS.ProcessEnv = process.env): string {
  if (!from.startsWith('hf:')) return from
  const parts = /^hf:([^/@]+\/[^/@]+)(?:@([^/]+))?\/(.+)$/.exec(from)
  if (!parts) {
    throw new MirageError({
      code: 'url-invalid',
      message: `"${from}" names no file on Hugging Face.`,
      remedy: 'Write hf:owner/name/path/in/the/repository.onnx, or hf:owner/name@revision/path.',
    })
  }
  const [, repository, revision = 'main', path] = parts
  return `${env.HF_ENDPOINT ?? 'https://huggingface.co'}/${repository}/resolve/${revision}/${path}`
}

const isAddress = (source: string) => /^https?:/.test(source)

function fetchFile(source: string, to: string, options: DownloadOptions): Promise<string> {
  return isAddress(source) ? download(source, to, options) : copy(source, to, options)
}

/** A file that lies in the same folder as `source`. */
function besides(source: string, name: string): string {
  return isAddress(source) ? new URL(encodeURI(name), source).href : join(dirname(resolve(source)), name)
}

function requireBeside(name: string): void {
  if (!isAbsolute(name) && !/[\\:]|(^|\/)\.\.(\/|$)/.test(name)) return
  throw new MirageError({
    code: 'model-unsupported',
    message: `The model keeps tensors in "${name}", which does not lie beside it.`,
    remedy: 'Save it again with its external data in the same folder.',
  })
}

async function copy(from: string, to: string, { sha256 }: DownloadOptions): Promise<string> {
  const path = resolve(from)
  try {
    await mkdir(dirname(to), { recursive: true })
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
