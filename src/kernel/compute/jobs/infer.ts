import { type DecodedSamples, decodeSamples } from '../../images/decode.ts'
import { identityOf } from '../../models/model-file.ts'
import type { ProviderName } from '../../models/providers.ts'
import type { Engine } from '../../models/run/engine.ts'
import { type EngineModel, openEngine } from '../../models/run/engines.ts'
import { oneAhead } from '../../models/run/one-ahead.ts'
import { upscaleImage } from '../../models/run/upscale-image.ts'
import { findSr, keepSr, type SrRecord, srKey } from '../../models/sr-record.ts'
import type { ImageRef } from '../../protocol/mime.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { Store } from '../../store/store.ts'
import type { JobDefinition } from './definition.ts'

export interface InferParams {
  model: EngineModel
  /** A seed only for models with noise. */
  images: { id: string; lr: ImageRef; seed?: number }[]
  provider: ProviderName
  /** A provider was named, so images that another one made are not taken from the cache. */
  providerNamed: boolean
  tile: number
  overlap: number
}

export type InferredImage = SrRecord & {
  id: string
  seed?: number
  /** True where the pixels were in the store already. */
  cached: boolean
  /** Largest resident memory of the compute process until then, in bytes; absent where nothing was computed. */
  memory?: number
}

export interface InferProgress {
  /** SR pixels made so far, of all that were asked for, in millions. */
  megapixels: number
  total: number
  /** An image that is finished and stored. */
  finished?: InferredImage
}

/** Images that are being encoded while the next one runs. */
const ENCODING = 2

/**
 * Enlarges images with one model. While one runs, the next is decoded and the former ones are encoded. Every finished
 * image is stored and recorded at once: a job that is stopped loses at most the image it was at.
 *
 * Aborting stops between tiles. Results are in the order of `images`.
 */
export const infer: JobDefinition<InferParams, InferredImage[], InferProgress> = {
  async run(params, { storeRoot, signal, report }) {
    const { images, provider, tile, overlap } = params
    const { manifest, endpoint } = params.model
    const store = createFolderStore(storeRoot)
    const megapixels = ({ width, height }: ImageRef) => (width * height * manifest.scale ** 2) / 1e6
    const total = images.reduce((sum, { lr }) => sum + megapixels(lr), 0)
    let reached = 0
    const tell = (done: number, finished?: InferredImage) => {
      reached = Math.max(reached, done)
      report({ megapixels: reached, total, finished })
    }
    const results: Promise<InferredImage>[] = []
    const encoding = new Set<Promise<unknown>>()
    let engine: Engine | undefined
    try {
      let before = 0
      for await (const { id, lr, seed, key, record, samples } of oneAhead(images, image =>
        load(image, params, store),
      )) {
        signal.throwIfAborted()
        const [start, size] = [before, megapixels(lr)]
        before += size
        const finish = (made: SrRecord, cached: boolean): InferredImage => {
          const sr = { ...made.sr, name: `${id} (${manifest.id})` }
          const memory = process.resourceUsage().maxRSS * 1024
          const image = {
            ...made,
            sr,
            id,
            ...(seed !== undefined && { seed }),
            cached,
            ...(!cached && { memory }),
          }
          tell(start + size, image)
          return image
        }
        if (record) {
          results.push(Promise.resolve(finish(record, true)))
          continue
        }
        engine ??= await openEngine(params.model, provider, signal)
        const { stored, facts } = await upscaleImage(samples, {
          store,
          engine,
          settings: { tile, overlap },
          seed: seed ?? 0,
          signal,
          onProgress: fraction => tell(start + fraction * size),
        })
        const kept = stored.then(async sr => {
          const made = { sr, provider: endpoint ? 'endpoint' : provider, ...facts }
          await keepSr(store, key, made)
          return finish(made, false)
        })
        results.push(kept)
        encoding.add(kept)
        kept.finally(() => encoding.delete(kept)).catch(() => {})
        if (encoding.size >= ENCODING) await Promise.race(encoding)
      }
      return await Promise.all(results)
    } finally {
      // What is being written is completed or removed before the job ends.
      await Promise.allSettled(encoding)
      await engine?.close()
    }
  },
}

type Loaded = InferParams['images'][number] & { key: string } & (
    | { record: SrRecord; samples?: undefined }
    | { record?: undefined; samples: DecodedSamples }
  )

/** The remembered result of an image, or its pixels. */
async function load(
  image: InferParams['images'][number],
  params: InferParams,
  store: Store,
): Promise<Loaded> {
  const { id, lr, seed } = image
  const { manifest } = params.model
  const { tile, overlap, provider, providerNamed } = params
  const key = srKey({
    model: identityOf(params.model),
    manifest,
    lr: lr.hash,
    tile,
    overlap,
    seed,
    ...(providerNamed && { provider }),
  })
  const record = await findSr(store, key)
  if (record) return { ...image, key, record }
  const samples = await decodeSamples(store.objectPath(lr.hash), { name: lr.name ?? id, keepAlpha: true })
  return { ...image, key, samples }
}
