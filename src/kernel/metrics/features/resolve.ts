import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import * as z from 'zod'
import { MirageError } from '../../errors.ts'
import { fileHash } from '../../images/file-hash.ts'
import { embeddedModels } from '../../models/folder.ts'
import type { ProviderName } from '../../models/providers.ts'
import type { Store } from '../../store/store.ts'
import {
  type ChannelWeights,
  channelWeights,
  type NetworkAdjustment,
  type NetworkManifest,
  type NetworkRequest,
  networkManifest,
  type ResolvedNetwork,
} from './network.ts'

/**
 * Reads the files that a request names and takes the checksum of the weights.
 *
 * @param folder that relative paths start at
 * @throws MirageError `file-missing`, `model-missing`, `manifest-invalid`
 */
export async function resolveNetwork(
  request: NetworkRequest,
  { folder, store, provider }: { folder: string; store: Store; provider: ProviderName },
): Promise<ResolvedNetwork> {
  const written =
    'path' in request.manifest
      ? await readJson(folder, request.manifest.path, networkManifest)
      : request.manifest
  const manifest = adjusted(written, request.adjust)
  const learned =
    request.channelWeights && (await readJson(folder, request.channelWeights.path, channelWeights))
  if (learned) requireTaps(manifest, learned, request.channelWeights!.path)
  const onnx = weightsPath(request, folder)
  const sha256 = await hashWeights(request, folder, store)
  return { manifest, onnx, sha256, provider, ...(learned && { channelWeights: learned }) }
}

/** Checksums of everything that a request reads, by name: the files of the user's and the network that comes with Mirage. */
export async function networkChecksums(
  request: NetworkRequest,
  folder: string,
  store: Store,
): Promise<Record<string, string>> {
  const { manifest, weights, channelWeights } = request
  const checksums: Record<string, string> = {
    ['path' in weights ? weights.path : weights.embedded]: await hashWeights(request, folder, store),
  }
  for (const file of [manifest, channelWeights]) {
    if (file && 'path' in file)
      checksums[file.path] = await fileHash(store, resolve(folder, file.path), file.path)
  }
  return checksums
}

function adjusted(manifest: NetworkManifest, { size, level }: NetworkAdjustment = {}): NetworkManifest {
  return {
    ...manifest,
    input: { ...manifest.input, ...(size !== undefined && { size }) },
    taps: manifest.taps.map(tap => ({ ...tap, ...(level !== undefined && { level }) })),
  }
}

function weightsPath({ weights }: NetworkRequest, folder: string): string {
  return 'path' in weights
    ? resolve(folder, weights.path)
    : join(embeddedModels(), `${weights.embedded}.onnx`)
}

async function hashWeights(request: NetworkRequest, folder: string, store: Store): Promise<string> {
  const path = weightsPath(request, folder)
  if ('path' in request.weights) return fileHash(store, path, request.weights.path)
  if (existsSync(path)) return fileHash(store, path)
  throw new MirageError({
    code: 'model-missing',
    message: `The network "${request.weights.embedded}" is not in ${dirname(path)}.`,
    remedy: 'It comes with Mirage: install Mirage again, or, from source, run "npm run build".',
  })
}

async function readJson<T>(folder: string, path: string, schema: z.ZodType<T>): Promise<T> {
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(resolve(folder, path), 'utf8'))
  } catch (cause) {
    throw new MirageError(
      {
        code: (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'file-missing' : 'manifest-invalid',
        message: `${path} cannot be read: ${(cause as Error).message}.`,
        remedy: 'Check the path and that the file is JSON; relative paths start at the folder of the study.',
      },
      { cause },
    )
  }
  const checked = schema.safeParse(parsed)
  if (checked.success) return checked.data
  throw new MirageError({
    code: 'manifest-invalid',
    message: `${path} does not describe a network: ${z.prettifyError(checked.error)}.`,
    remedy:
      'A manifest is { name, form: cosine | lpips | dists, input: { size, multiple, minimum, mean, std }, taps: [{ output, layout: nchw | tokens | vector | image, skip, weight }] }; channel weights are { <tap>: [...] } or { <tap>: { alpha: [...], beta: [...] } }.',
  })
}

function requireTaps({ taps, name }: NetworkManifest, learned: ChannelWeights, path: string): void {
  const lacking = taps.filter(({ output }) => !(output in learned)).map(({ output }) => output)
  if (lacking.length === 0) return
  throw new MirageError({
    code: 'manifest-invalid',
    message: `${path} has no channel weights for the taps ${lacking.join(', ')} of ${name}.`,
    remedy: `It is an object with one entry per tap: ${taps.map(({ output }) => output).join(', ')}.`,
  })
}
