import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import * as z from 'zod'
import type { Compute } from '../compute/compute.ts'
import { MirageError, nearest } from '../errors.ts'
import { fileHash } from '../images/file-hash.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import type { ModelValue } from '../value.ts'
import { CATALOG, superResolutionIds } from './catalog.ts'
import type { Pipeline, PipelineKnobs } from './diffusion/pipeline.ts'
import { readPipeline } from './diffusion/read-pipeline.ts'
import type { CommandEntry, EndpointEntry, ModelRequest } from './entries.ts'
import { addedModel, embeddedModels, userModels } from './folder.ts'
import { inspectModel } from './inspect.ts'
import { COLOURS, LAYOUTS, type ModelManifest, manifestFile, modelManifest, RANGES } from './manifest.ts'
import { identityOf, modelFile } from './model-file.ts'
import type { Endpoint } from './outside/endpoint.ts'
import type { EngineModel } from './run/engines.ts'
import type { ModelFile } from './run/session-pool.ts'

export type ResolvedModel = EngineModel & {
  /** What its images are called. */
  method: string
  /** Program of the user's that makes the images instead. */
  command?: string[]
}

export interface ResolveContext {
  /** That relative paths start at. */
  folder: string
  store: Store
  /** The model that an earlier cell of this name made. */
  result(name: string): ModelValue | undefined
  /** Where keys of endpoints are found. */
  env: Readonly<Record<string, string | undefined>>
  /** Endpoints must not be called. */
  offline: boolean
}

interface Located {
  method: string
  path: string | null
  sha256: string
  data?: string
  /** sha256 of the `<file>.onnx.json` beside it, which says how it is used. */
  sidecar?: string
  /** What is known of it besides its own file. */
  manifest: Partial<ModelManifest>
  pipeline?: Pipeline
  endpoint?: Endpoint
  command?: string[]
}

/** What surrounds the denoiser of a tuned diffusion model, whose own file the result names. */
interface TunedPipeline {
  pipeline?: Omit<Pipeline, 'denoiser'>
}

/**
 * Finds a model and its checksum, without reading more than the file.
 *
 * @throws MirageError `model-unknown`, `model-missing`, `file-missing`, `pipeline-invalid`
 */
export async function locateModel(request: ModelRequest, context: ResolveContext): Promise<Located> {
  const { folder, store } = context
  if (typeof request !== 'string') {
    if ('command' in request) return locateCommand(request)
    if ('endpoint' in request) return locateEndpoint(request, context)
    const { file, name, steps, guidance, colourFix, ...manifest } = request
    const named = name === undefined ? {} : { method: name }
    if (isPipeline(file))
      return { ...(await locatePipeline(file, { steps, guidance, colourFix }, context)), ...named }
    return { ...(await locateFile(file, folder, store)), ...named, manifest }
  }
  const made = context.result(request)
  if (made) {
    const { pipeline, ...manifest } = made.manifest as Partial<ModelManifest> & TunedPipeline
    const file = { path: store.objectPath(made.onnx), sha256: made.onnx }
    if (!pipeline) return { method: request, ...file, manifest }
    const files = [pipeline.encoder.sha256, made.onnx, pipeline.decoder.sha256]
    const sha256 = hashOf({ manifest: pipeline.manifest, files })
    return { method: request, path: null, sha256, manifest, pipeline: { ...pipeline, denoiser: file } }
  }
  if (Object.hasOwn(CATALOG, request)) return locateShipped(request, store)
  if (isPipeline(request)) return locatePipeline(request, {}, context)
  const added = /[\\/]/.test(request) ? undefined : addedModel(request)
  if (added) return { ...(await locateFile(added, folder, store)), method: request }
  if (/[\\/]|\.onnx$/.test(request)) return locateFile(request, folder, store)
  throw unknown(request)
}

/**
 * Finds a model and how it is used: what the request says goes before `<file>.onnx.json`, before what the ONNX file
 * carries, before what its graph shows.
 *
 * @throws MirageError `model-unknown`, `model-missing`, `file-missing`, `model-unreadable`, `model-unsupported`,
 * `manifest-invalid`, `model-damaged`, `model-incomplete` which names the missing parameter
 */
export async function resolveModel(
  request: ModelRequest,
  context: ResolveContext & { compute: Compute; signal: AbortSignal },
): Promise<ResolvedModel> {
  const { manifest: said, ...located } = await locateModel(request, context)
  const { method, path, sha256, data } = located
  if (path === null) return { ...located, path, manifest: modelManifest.parse({ ...said, id: method }) }
  const name = typeof request === 'object' && 'file' in request ? request.file : method
  const { embedded, ...shown } = inspectModel(await readFile(path))
  const { sha256: expected, ...beside } = await readManifestFile(path, name)
  if (expected !== undefined && expected !== sha256) throw damaged(name, expected, sha256)
  const known = { kind: 'unstated', ...shown, ...embedded, ...beside, ...given(said), id: method }
  const form = { layout: known.layout, colour: known.colour, range: known.range }
  requireAll(name, form)
  const scale = known.scale ?? (await measure({ path, sha256, data }, form, context))
  requireAll(name, { scale })
  return { method, path, sha256, ...(data && { data }), manifest: modelManifest.parse({ ...known, scale }) }
}

async function locateShipped(id: string, store: Store): Promise<Located> {
  const { manifest, origin } = CATALOG[id]
  if (manifest.kind === 'features') throw unknown(id)
  if (!origin) return { method: id, path: null, sha256: id, manifest }
  const path = [embeddedModels(), userModels()].map(folder => join(folder, `${id}.onnx`)).find(existsSync)
  if (path) return { method: id, path, sha256: await fileHash(store, path, id), manifest }
  throw new MirageError({
    code: 'model-missing',
    message: `The model "${id}" is not in ${embeddedModels()}.`,
    remedy:
      'It comes with Mirage: install Mirage again, or, from source, run "node scripts/build-models.ts".',
  })
}

/** The weights behind a program or a server are not seen, so its settings stand for them. */
function locateCommand({ command, name, version, ...manifest }: CommandEntry): Located {
  const sha256 = hashOf({ command, version })
  return { method: name, path: null, sha256, manifest: { ...ANY_IMAGE, ...given(manifest) }, command }
}

function locateEndpoint(entry: EndpointEntry, { env, offline }: ResolveContext): Located {
  const { endpoint: address, model, name, input, output, keyFrom, version, ...manifest } = entry
  const key = keyFrom === undefined ? undefined : env[keyFrom]
  if (keyFrom !== undefined && !key) {
    throw new MirageError({
      code: 'key-missing',
      message: `The environment variable ${keyFrom} is not set.`,
      remedy: `Set it to the token of ${address}, or leave \`keyFrom\` out.`,
    })
  }
  const endpoint = { address, model, input, offline, ...given({ output, key }) }
  const sha256 = hashOf({ address, model, input, output, version })
  return {
    method: name ?? model,
    path: null,
    sha256,
    manifest: { ...ANY_IMAGE, ...given(manifest) },
    endpoint,
  }
}

const ANY_IMAGE = { kind: 'unstated', layout: 'nchw', colour: 'rgb', range: '0..1' } as const

const isPipeline = (file: string) => file.endsWith('.json')

async function locatePipeline(
  file: string,
  knobs: PipelineKnobs,
  { folder, store }: ResolveContext,
): Promise<Located> {
  const { pipeline, sha256, manifest } = await readPipeline(file, knobs, folder, store)
  return { method: basename(file).replace(/\.json$/, ''), path: null, sha256, manifest, pipeline }
}

async function locateFile(file: string, folder: string, store: Store): Promise<Located> {
  const path = resolve(folder, file)
  const method = basename(file).replace(/\.onnx$/, '')
  const sidecar = existsSync(`${path}.json`)
    ? await fileHash(store, `${path}.json`, `${file}.json`)
    : undefined
  return { method, ...(await modelFile(store, path, file)), ...(sidecar && { sidecar }), manifest: {} }
}

/** What of models decides about their results: the files of each, and what lies beside it and says how it is used. */
export function modelFingerprint(
  models: readonly Pick<Located, 'method' | 'sha256' | 'data' | 'sidecar'>[],
): Record<string, Record<string, string>> {
  const manifests = models.flatMap(({ method, sidecar }) => (sidecar ? [[method, sidecar]] : []))
  return {
    models: Object.fromEntries(models.map(({ method, ...file }) => [method, identityOf(file)])),
    ...(manifests.length > 0 && { manifests: Object.fromEntries(manifests) }),
  }
}

async function readManifestFile(path: string, name: string): Promise<z.output<typeof manifestFile>> {
  if (!existsSync(`${path}.json`)) return {}
  try {
    return given(manifestFile.parse(JSON.parse(await readFile(`${path}.json`, 'utf8'))))
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)
    throw new MirageError(
      {
        code: 'manifest-invalid',
        message: `${name}.json is not a model manifest: ${why}`,
        remedy: `It may give ${Object.keys(manifestFile.shape).join(', ')}.`,
      },
      { cause },
    )
  }
}

async function measure(
  file: ModelFile,
  form: Pick<ModelManifest, 'layout' | 'colour' | 'range'>,
  { compute, signal }: { compute: Compute; signal: AbortSignal },
): Promise<number | undefined> {
  return (await compute.run('measure-scale', { file, form }, { signal, lane: 'cpu' })) ?? undefined
}

const CHOICES: Record<string, readonly string[]> = {
  layout: LAYOUTS,
  colour: COLOURS,
  range: RANGES,
  scale: ['2', '3', '4'],
}

function requireAll<T extends object>(
  name: string,
  values: T,
): asserts values is T & { [K in keyof T]-?: Exclude<T[K], undefined> } {
  const missing = Object.entries(values).find(([, value]) => value === undefined)?.[0]
  if (missing === undefined) return
  const choices = CHOICES[missing]
  throw new MirageError({
    code: 'model-incomplete',
    message: `${name} does not say its ${missing}.`,
    remedy: `Add it in the step, as in "model: { file: ${name}, ${missing}: ${choices[0]} }" (${choices.join(', ')}), or in ${name}.json.`,
  })
}

/** The members that have a value. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

function damaged(name: string, expected: string, actual: string): MirageError {
  return new MirageError({
    code: 'model-damaged',
    message: `${name} has the sha256 ${actual.slice(0, 12)} where its manifest says ${expected.slice(0, 12)}.`,
    remedy: 'Copy or download the file again, or correct its .onnx.json.',
  })
}

function unknown(id: string): MirageError {
  const known = superResolutionIds()
  const near = nearest(id, known)
  return new MirageError({
    code: 'model-unknown',
    message: `There is no model "${id}".${near ? ` Did you mean "${near}"?` : ''}`,
    remedy: `Known models: ${known.join(', ')}. A file of your own is named by its path, such as models/${id}.onnx, and a tuned model by its cell's \`as\`.`,
  })
}
