import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import * as z from 'zod'
import { MirageError } from '../../errors.ts'
import { fileHash } from '../../images/file-hash.ts'
import { hashOf } from '../../store/canonical.ts'
import type { Store } from '../../store/store.ts'
import type { ModelManifest } from '../manifest.ts'
import { identityOf, modelFile } from '../model-file.ts'
import { type Pipeline, type PipelineKnobs, type PipelineManifest, pipelineManifest } from './pipeline.ts'
import { isStochastic } from './sample.ts'

export interface FoundPipeline {
  pipeline: Pipeline
  /** Of the settings and of every file together. */
  sha256: string
  manifest: Partial<ModelManifest>
}

/**
 * Reads a pipeline's `.json` file and finds the files that it names, which lie beside it.
 *
 * @throws MirageError `file-missing`, `pipeline-invalid`
 */
export async function readPipeline(
  file: string,
  { steps, guidance, colourFix }: PipelineKnobs,
  folder: string,
  store: Store,
): Promise<FoundPipeline> {
  const path = resolve(folder, file)
  await fileHash(store, path, file)
  const written = parse(await readFile(path, 'utf8'), file)
  const manifest: PipelineManifest = {
    ...written,
    // A number of steps asked for goes before timesteps that are listed.
    ...(steps !== undefined && { steps, timesteps: undefined }),
    ...(guidance !== undefined && { guidance }),
    ...(colourFix !== undefined && { colour: colourFix }),
  }
  const beside = dirname(path)
  const [encoder, denoiser, decoder] = await Promise.all(
    [manifest.encoder, manifest.denoiser, manifest.decoder].map(name =>
      modelFile(store, join(beside, name), name),
    ),
  )
  const find = async (name: string) => {
    const path = join(beside, name)
    return { path, sha256: await fileHash(store, path, name) }
  }
  const prompt = manifest.prompt && (await find(manifest.prompt.file))
  const negative = manifest.negativePrompt && (await find(manifest.negativePrompt.file))
  const files = [encoder, denoiser, decoder, prompt, negative].map(each => (each ? identityOf(each) : null))
  return {
    pipeline: {
      manifest,
      encoder,
      denoiser,
      decoder,
      ...(prompt && { prompt: prompt.path }),
      ...(negative && { negativePrompt: negative.path }),
    },
    sha256: hashOf({ manifest, files }),
    manifest: summaryOf(manifest),
  }
}

/** The pipeline as the rest of Mirage sees a model; tiles in LR pixels. */
function summaryOf(manifest: PipelineManifest): Partial<ModelManifest> {
  const { kind, scale, summary, licence, source, latent } = manifest
  const lrPixels = (latentPixels: number) =>
    Math.max(1, Math.round((latentPixels * latent.downscale) / scale))
  return {
    kind,
    scale,
    summary,
    licence,
    source,
    layout: 'nchw',
    colour: 'rgb',
    range: '0..1',
    tile: lrPixels(latent.tile),
    overlap: lrPixels(latent.overlap),
    noisy: isStochastic(manifest),
  }
}

function parse(text: string, file: string): PipelineManifest {
  try {
    return pipelineManifest.parse(JSON.parse(text))
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)
    throw new MirageError(
      {
        code: 'pipeline-invalid',
        message: `${file} does not describe a diffusion pipeline: ${why}`,
        remedy: `It needs kind, scale, encoder, denoiser and decoder, and may give ${Object.keys(pipelineManifest.shape).slice(8).join(', ')}.`,
      },
      { cause },
    )
  }
}
