import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelSummary } from '../protocol/messages.ts'
import { CATALOG } from './catalog.ts'
import { addedModel, userModels } from './folder.ts'
import { type ModelManifest, manifestFile } from './manifest.ts'

/**
 * What the catalog offers and the user has added, and which of it is there.
 *
 * @param assets folder of what comes with Mirage; its models are in `models/`
 */
export async function modelSummaries(assets: string, folder = userModels()): Promise<ModelSummary[]> {
  const shipped = Object.entries(CATALOG).map(async ([id, { manifest, origin }]): Promise<ModelSummary> => {
    const { summary, kind, licence, source } = manifest
    const scale = kind === 'interpolation' ? 0 : manifest.scale
    const bytes = await sizeOf(join(assets, 'models', `${id}.onnx`))
    const state = bytes === null && origin !== undefined ? 'not downloaded' : 'embedded'
    return { id, summary, kind, scale, licence, source, bytes, state }
  })
  const added = (await addedIds(folder)).map(async (id): Promise<ModelSummary> => {
    const path = addedModel(id, folder)!
    const { summary = '', kind = 'unstated', scale = 0, licence = '', source = '' } = await manifestOf(path)
    const bytes = await sizeOf(path)
    return {
      id,
      summary,
      kind,
      scale,
      licence,
      source,
      bytes,
      state: 'downloaded',
    }
  })
  return Promise.all([...shipped, ...added])
}

async function addedIds(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const ids = names.filter(name => !name.startsWith('.')).map(name => name.replace(/\.onnx$/, ''))
  return [...new Set(ids)].filter(id => addedModel(id, folder)).sort()
}

async function manifestOf(path: string): Promise<Partial<ModelManifest>> {
  try {
    return manifestFile.parse(JSON.parse(await readFile(`${path}.json`, 'utf8')))
  } catch {
    // Without a manifest the file still counts; what is unknown of it is asked for where it is used.
    return {}
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch {
    return null
  }
}
