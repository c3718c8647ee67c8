import { type DecodedSamples, decodeSamples } from '../../images/decode.ts'
import type { ModelManifest } from '../../models/manifest.ts'
import type { ProviderName } from '../../models/providers.ts'
import { Network } from '../../models/run/network.ts'
import { oneAhead } from '../../models/run/one-ahead.ts'
import { SESSIONS } from '../../models/run/session-pool.ts'
import { upscaleImage } from '../../models/run/upscale-image.ts'
import { findSr, keepSr, type SrRecord, srKey } from '../../models/sr-record.ts'
import type { ImageRef } from '../../protocol/mime.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { Store } from '../../store/store.ts'
import type { JobDefinition } from './types.ts'

export interface InferParams {
  /** The ONNX file; a path of null means that the manifest's `interpolation` is computed without one. */
  model: { path: string | null; sha256: string; manifest: ModelManifest }
  images: { id: string; lr: ImageRef }[]
  provider: ProviderName
  /** A provider was named, so images that another one made are not taken from the cache. */
  providerNamed: boolean
  tile: number
  overlap: number
}

export type InferredImage = SrRecord & {
  id: string
  /** True where the pixels were in the store already. */
  cached: boolean
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
    const { path, sha256, manifest } = params.model
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
    const lease = path === null ? undefined : await SESSIONS.lease({ path, sha256 }, provider)
    try {
      const network = lease && new Network(lease.session, manifest)
      const options = { store, manifest, network, settings: { tile, overlap }, signal }
      let before = 0
      for await (const { id, lr, key, record, samples } of oneAhead(images, image =>
        load(image, params, store),
      )) {
        signal.throwIfAborted()
        const [start, size] = [before, megapixels(lr)]
        before += size
        const finish = (made: SrRecord, cached: boolean): InferredImage => {
          const image = { ...made, id, cached }
          tell(start + size, image)
          return image
        }
        if (record) {
          results.push(Promise.resolve(finish(record, true)))
          continue
        }
        const { stored, facts } = await upscaleImage(samples, {
          ...options,
          onTile: fraction => tell(start + fraction * size),
        })
        const kept = stored.then(async image => {
          const made = { sr: { ...image, name: `${id} (${manifest.id})` }, provider, ...facts }
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
      await lease?.end()
    }
  },
}

type Loaded = { id: string; lr: ImageRef; key: string } & (
  | { record: SrRecord; samples?: undefined }
  | { record?: undefined; samples: DecodedSamples }
)

/** The remembered result of an image, or its pixels. */
async function load(
  image: InferParams['images'][number],
  params: InferParams,
  store: Store,
): Promise<Loaded> {
  const { id, lr } = image
  const { sha256, manifest } = params.model
  const { tile, overlap, provider, providerNamed } = params
  const key = srKey({
    model: sha256,
    manifest,
    lr: lr.hash,
    tile,
    overlap,
    ...(providerNamed && { provider }),
  })
  const record = await findSr(store, key)
  if (record) return { id, lr, key, record }
  const samples = await decodeSamples(store.objectPath(lr.hash), { name: lr.name ?? id, keepAlpha: true })
  return { id, lr, key, samples }
}
