import type { ImageRequest, PreparedImage } from '../compute/jobs/judge-images.ts'
import type { StepContext, StepEvent } from '../step.ts'
import type { ReplayBundle } from './answers/replay.ts'
import { type PlannedImage, preparationKey } from './images.ts'
import type { QuestionContent } from './questions/request.ts'

export const IMAGE_SPACE = 'judge-image'

/** Images per job: coarse enough to keep the processes busy, fine enough to stop soon. */
const CHUNK = 16

/** How many images are prepared at once; the pool decides how many of the jobs really run. */
const JOBS_AT_ONCE = 4

/**
 * Prepares images that were not prepared before. Which request gave which bytes is kept, so that a replay finds its
 * answers even where another version of the encoder would write other bytes.
 *
 * @param known what a replay bundle says about them
 * @returns the prepared images by `preparationKey`
 */
export async function* prepareImages(
  requests: Iterable<ImageRequest>,
  { store, compute, signal }: StepContext,
  known?: Pick<ReplayBundle, 'image'>,
): AsyncGenerator<StepEvent, Map<string, PreparedImage>> {
  const wanted = new Map<string, ImageRequest>()
  for (const request of requests) wanted.set(preparationKey(request), request)

  const prepared = new Map<string, PreparedImage>()
  await Promise.all(
    [...wanted.keys()].map(async key => {
      const image = known?.image(key) ?? (await store.getRecord<PreparedImage>(IMAGE_SPACE, key))
      if (image) prepared.set(key, image)
    }),
  )

  const rest = [...wanted].filter(([key]) => !prepared.has(key))
  const label = 'preparing images'
  let done = 0
  for (let from = 0; from < rest.length; from += CHUNK * JOBS_AT_ONCE) {
    const block = rest.slice(from, from + CHUNK * JOBS_AT_ONCE)
    const chunks = Array.from({ length: Math.ceil(block.length / CHUNK) }, (_, i) =>
      block.slice(i * CHUNK, (i + 1) * CHUNK),
    )
    await Promise.all(
      chunks.map(async chunk => {
        const params = { images: chunk.map(([, request]) => request) }
        const made = await compute.run('judge-images', params, { signal, lane: 'cpu' })
        for (const [i, [key]] of chunk.entries()) {
          prepared.set(key, made[i])
          await store.putRecord(IMAGE_SPACE, key, made[i])
        }
      }),
    )
    done += block.length
    yield { type: 'progress', done, total: rest.length, label, unit: 'images' }
  }
  return prepared
}

/**
 * `data:` URLs of prepared images. An image that was prepared once and then cleared from the store is prepared again.
 */
export function imageUrls(
  groups: readonly { content: QuestionContent; looks: readonly { images: readonly PlannedImage[] }[] }[],
  { store, compute, signal }: Pick<StepContext, 'store' | 'compute' | 'signal'>,
): (hash: string) => Promise<string> {
  const known = new Map<string, { mime: string; request: ImageRequest }>()
  for (const { content, looks } of groups) {
    content.images.forEach(({ prepared }, i) => {
      known.set(prepared.hash, { mime: prepared.mime, request: looks[0].images[i].request })
    })
  }
  return async hash => {
    const image = known.get(hash)
    if (image && !(await store.hasObject(hash))) {
      await compute.run('judge-images', { images: [image.request] }, { signal, lane: 'cpu' })
    }
    const bytes = await store.getObject(hash)
    return `data:${image?.mime ?? 'image/png'};base64,${Buffer.from(bytes).toString('base64')}`
  }
}
