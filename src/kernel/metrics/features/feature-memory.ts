import { hashOf } from '../../store/canonical.ts'
import type { Store } from '../../store/store.ts'
import type { Feature } from './network.ts'

/** Features kept in memory, in bytes. */
const MEMORY = 512 * 2 ** 20
/** Features up to this size are kept in the store as well; larger ones are made faster than read. */
const STORED = 4 * 2 ** 20

interface Stored {
  object: string
  shapes: Omit<Feature, 'data'>[]
}

/** Features of images by content hash: the latest in memory, small ones in the store. */
export class FeatureMemory {
  readonly #store: Store
  readonly #network: string
  readonly #limit: number
  /** From the least to the most recently used. */
  readonly #kept = new Map<string, Feature[]>()
  #bytes = 0

  /** @param network key of everything but the image that decides the features */
  constructor(store: Store, network: string, limit = MEMORY) {
    this.#store = store
    this.#network = network
    this.#limit = limit
  }

  async get(image: string): Promise<Feature[] | undefined> {
    const kept = this.#kept.get(image)
    if (kept) {
      this.#kept.delete(image)
      this.#kept.set(image, kept)
      return kept
    }
    const stored = await this.#read(image)
    if (stored) this.#keep(image, stored)
    return stored
  }

  async put(image: string, features: Feature[]): Promise<void> {
    this.#keep(image, features)
    if (sizeOf(features) > STORED) return
    const bytes = Buffer.concat(
      features.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    )
    const object = await this.#store.putObject(bytes)
    const shapes = features.map(({ channels, height, width }) => ({ channels, height, width }))
    await this.#store.putRecord('feature', this.#key(image), { object, shapes } satisfies Stored)
  }

  #keep(image: string, features: Feature[]): void {
    if (this.#kept.has(image)) return
    this.#kept.set(image, features)
    this.#bytes += sizeOf(features)
    for (const [oldest, value] of this.#kept) {
      // The newest stays, however large: whoever asked for it is about to use it.
      if (this.#bytes <= this.#limit || oldest === image) return
      this.#kept.delete(oldest)
      this.#bytes -= sizeOf(value)
    }
  }

  async #read(image: string): Promise<Feature[] | undefined> {
    const record = await this.#store.getRecord<Stored>('feature', this.#key(image))
    if (!record || !(await this.#store.hasObject(record.object))) return undefined
    const bytes = await this.#store.getObject(record.object)
    // A copy, because the bytes of a file need not start at a multiple of four.
    const values = new Float32Array(bytes.slice().buffer)
    let at = 0
    return record.shapes.map(shape => {
      const count = shape.channels * shape.height * shape.width
      at += count
      return { ...shape, data: values.slice(at - count, at) }
    })
  }

  #key(image: string): string {
    return hashOf({ network: this.#network, image })
  }
}

function sizeOf(features: readonly Feature[]): number {
  return features.reduce((sum, { data }) => sum + data.byteLength, 0)
}
