import { readFileSync } from 'node:fs'
import type { ImageRequest, PreparedImage } from '../compute/jobs/judge-images.ts'
import { mapConcurrently } from '../concurrent.ts'
import type { StepContext, StepEvent } from '../step.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import type { ReplayBundle } from './answers/replay.ts'
import { IMAGE_SPACE, type PlannedImage } from './images.ts'
import type { QuestionContent } from './questions/request.ts'

/** All prepared images of a table in one record, because reading thousands of small ones takes longer than judging them. */
const SET_SPACE = 'judge-image-set'

/** Images per job: coarse enough to keep the processes busy, fine enough to stop soon. */
const CHUNK = 16

/** Records that are read at the same time. */
const READS_AT_ONCE = 64

/** Images that are kept in memory, encoded for sending. */
const RECENT_URLS = 64

/** How many images are prepared at once; the pool decides how many of the jobs really run. */
const JOBS_AT_ONCE = 4

/**
 * Prepares images that were not prepared before. Which request gave which bytes is kept, so that a replay finds its
 * answers even where another version of the encoder would write other bytes.
 *
 * @param known what a replay bundle says about them
 * @returns the prepared images by the keys of their requests
 */
export async function* prepareImages(
  planned: readonly PlannedImage[],
  { store, compute, signal }: StepContext,
  known?: Pick<ReplayBundle, 'image'>,
): AsyncGenerator<StepEvent, Map<string, PreparedImage>> {
  const wanted = new Map(planned.map(({ key, request }) => [key, request]))
  const keys = [...wanted.keys()]
  if (keys.length === 0) return new Map()
  const all = known ? undefined : await store.getRecord<PreparedImage[]>(SET_SPACE, hashOf(keys))
  if (all) return new Map(keys.map((key, i) => [key, all[i]]))

  const prepared = new Map<string, PreparedImage>()
  const find = async (key: string) => {
    const image = known?.image(key) ?? (await store.getRecord<PreparedImage>(IMAGE_SPACE, key))
    if (image) prepared.set(key, image)
  }
  await mapConcurrently(keys, READS_AT_ONCE, find, signal)

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
  if (!known)
    await store.putRecord(
      SET_SPACE,
      hashOf(keys),
      keys.map(key => prepared.get(key)),
    )
  return prepared
}

/** A question's images as planned and as prepared. */
type Pictured = { content: QuestionContent; looks: readonly { images: readonly PlannedImage[] }[] }

/**
 * Makes sure that the images of questions are in the store, to be looked at. A replay bundle knows their hashes only, and
 * an image may have been cleared from the store.
 */
export async function ensureImages(
  groups: readonly Pictured[],
  { store, compute, signal }: Pick<StepContext, 'store' | 'compute' | 'signal'>,
): Promise<void> {
  const images: ImageRequest[] = []
  for (const { content, looks } of groups) {
    for (const [i, { prepared }] of content.images.entries()) {
      if (!(await store.hasObject(prepared.hash))) images.push(looks[0].images[i].request)
    }
  }
  if (images.length > 0) await compute.run('judge-images', { images }, { signal, lane: 'cpu' })
}

/**
 * `data:` URLs of prepared images. An image that was prepared once and then cleared from the store is prepared again.
 */
export function imageUrls(
  groups: readonly Pictured[],
  { store, compute, signal }: Pick<StepContext, 'store' | 'compute' | 'signal'>,
): (hash: string) => Promise<string> {
  const known = new Map<string, { mime: string; request: ImageRequest }>()
  for (const { content, looks } of groups) {
    content.images.forEach(({ prepared }, i) => {
      known.set(prepared.hash, { mime: prepared.mime, request: looks[0].images[i].request })
    })
  }
  const recent = new Map<string, Promise<string>>()
  const load = async (hash: string): Promise<string> => {
    const image = known.get(hash)
    const bytes = readNow(store, hash) ?? (await again(image?.request, hash))
    return `data:${image?.mime ?? 'image/png'};base64,${Buffer.from(bytes).toString('base64')}`
  }
  const again = async (request: ImageRequest | undefined, hash: string) => {
    if (request) await compute.run('judge-images', { images: [request] }, { signal, lane: 'cpu' })
    return store.getObject(hash)
  }
  return hash => {
    const url = recent.get(hash) ?? load(hash)
    // Most recently used last. References and inputs are shared by the methods of an image, everything by its repeats.
    recent.delete(hash)
    recent.set(hash, url)
    url.catch(() => recent.delete(hash))
    if (recent.size > RECENT_URLS) recent.delete(recent.keys().next().value!)
    return url
  }
}

/**
 * Bytes of an object, or undefined. Without waiting: a small file that was just written costs a tenth of what reading it
 * asynchronously costs, and with dozens of calls in flight that is what the calls wait for.
 */
function readNow(store: Store, hash: string): Uint8Array | undefined {
  try {
    return readFileSync(store.objectPath(hash))
  } catch {
    return undefined
  }
}
