import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { MirageError } from '../errors.ts'
import { installerPath, libraryFolder, PROVIDERS, type ProviderName } from './providers.ts'

export interface AddProviderOptions {
  /** Folder with the libraries, such as `onnxruntime/capi` of Python's onnxruntime-gpu; fetched from NuGet without it. */
  from?: string
  /** Where onnxruntime-node looks for them. */
  target?: string
  /** onnxruntime-node's own install script. */
  installer?: string
}

/** What the CUDA and TensorRT providers load before themselves. */
const SHARED = 'libonnxruntime_providers_shared.so'

/**
 * Puts the library of a provider beside onnxruntime-node, which does not bring it along: copied from a folder, or fetched by
 * the package's own installer. Whether it works is for the probe to say.
 *
 * @throws MirageError `provider-complete` where there is nothing to add, `file-missing`, `provider-not-fetched`
 */
export async function addProvider(
  name: ProviderName,
  { from, target = libraryFolder(), installer = installerPath() }: AddProviderOptions = {},
): Promise<void> {
  const { label, library, needs, add } = PROVIDERS[name]
  if (library === undefined) {
    throw new MirageError({
      code: 'provider-complete',
      message: `${label} comes with Mirage: there is no library to add.`,
      remedy: `It needs ${needs}; ${add}.`,
    })
  }
  if (from !== undefined) return copyLibraries(resolve(from), target, [SHARED, library])
  try {
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: '1' }
    await promisify(execFile)(process.execPath, [installer], { env, timeout: 30 * 60_000 })
  } catch (cause) {
    const { stderr = '', message } = cause as Error & { stderr?: string }
    const why = /Error: .*/.exec(stderr)?.[0] ?? message.split('\n')[0]
    throw new MirageError(
      {
        code: 'provider-not-fetched',
        message: `The library of ${label} could not be fetched from NuGet: ${why}`,
        remedy: `Where NuGet is not reached, take ${SHARED} and ${library} from Microsoft.ML.OnnxRuntime.Gpu.Linux or from Python's onnxruntime-gpu of the same version, and run "mirage providers add ${name} --from FOLDER".`,
      },
      { cause },
    )
  }
}

/** All or none: nothing is put in place before everything was found. */
async function copyLibraries(from: string, target: string, names: string[]): Promise<void> {
  const there = await readdir(from).catch(() => [] as string[])
  const missing = names.filter(name => !there.includes(name))
  if (missing.length > 0) {
    throw new MirageError({
      code: 'file-missing',
      message: `${from} holds no ${missing.join(' and no ')}.`,
      remedy: `Name the folder that holds ${names.join(' and ')}.`,
    })
  }
  await mkdir(target, { recursive: true })
  for (const name of names) {
    const arriving = join(target, `.${name}.arriving`)
    try {
      await copyFile(join(from, name), arriving)
      await rename(arriving, join(target, name))
    } finally {
      await rm(arriving, { force: true })
    }
  }
}
