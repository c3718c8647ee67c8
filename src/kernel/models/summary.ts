import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelSummary } from '../protocol/messages.ts'
import { CATALOG } from './catalog.ts'
import { userModels } from './folder.ts'

/**
 * What the catalog offers, and which of it is there.
 *
 * @param assets folder of what comes with Mirage; its models are in `models/`
 */
export async function modelSummaries(assets: string): Promise<ModelSummary[]> {
  return Promise.all(
    Object.entries(CATALOG).map(async ([id, { manifest, origin }]) => {
      const embedded = await sizeOf(join(assets, 'models', `${id}.onnx`))
      const bytes = embedded ?? (await sizeOf(join(userModels(), `${id}.onnx`)))
      const { summary, kind, scale, licence, source } = manifest
      const present = embedded !== null || origin === undefined ? 'embedded' : 'downloaded'
      const state = bytes === null && origin !== undefined ? 'not downloaded' : present
      return { id, summary, kind, scale, licence, source, bytes, state }
    }),
  )
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch {
    return null
  }
}
