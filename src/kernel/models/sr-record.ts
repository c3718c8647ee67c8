import type { ImageRef } from '../protocol/mime.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import type { ModelManifest } from './manifest.ts'
import type { ProviderName } from './providers.ts'

/** What is remembered of one enlarged image (store space `sr`). */
export interface SrRecord {
  sr: ImageRef
  /** Execution provider; `endpoint` or `command` where the work was done elsewhere. */
  provider: string
  tiles: number
  /** Time on the device. */
  seconds: number
  /** What was done besides: alpha kept, colours converted, tile halved. */
  notes: string[]
}

/** Everything that an enlarged image depends on. */
export interface SrIdentity {
  /** sha256 of the model file. */
  model: string
  manifest: ModelManifest
  /** Hash of the LR image. */
  lr: string
  tile: number
  overlap: number
  seed?: number
  /** Given where a provider was asked for by name: then another one's pixels, equal to rounding, are not taken. */
  provider?: ProviderName
}

/** Raised when the same inputs would give other pixels. */
const VERSION = 1

export function srKey({ manifest, ...identity }: SrIdentity): string {
  const { kind, scale, layout, colour, range, multiple, minimum } = manifest
  return hashOf({ version: VERSION, ...identity, kind, scale, layout, colour, range, multiple, minimum })
}

/** The remembered image, if its pixels are still in the store. */
export async function findSr(store: Store, key: string): Promise<SrRecord | undefined> {
  const record = await store.getRecord<SrRecord>('sr', key)
  return record && (await store.hasObject(record.sr.hash)) ? record : undefined
}

export async function keepSr(store: Store, key: string, record: SrRecord): Promise<void> {
  await store.putRecord('sr', key, record)
}
