import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { StudyDocument } from '../../notebook/document.ts'
import { decodeStudy, openStudy } from '../../notebook/open.ts'
import { outputFile } from '../../notebook/outputs.ts'
import { outputsFolder } from '../../notebook/paths.ts'
import type { SavedCell } from '../protocol/messages.ts'
import { imagesIn } from '../session/images-in.ts'
import { savedOutputs } from '../session/saved-outputs.ts'
import { sniffMime } from '../store/sniff.ts'
import type { Store } from '../store/store.ts'

/** Everything that an export is made of. Nothing is run. */
export interface Material {
  document: StudyDocument
  /** Saved outputs by cell id. */
  outputs: Map<string, SavedCell>
  /** Objects that the outputs speak of and that could be found, by hash. */
  objects: Map<string, StoredObject>
  /** A file of the study's folder, for pictures in prose. */
  files: Map<string, StoredObject>
}

export interface StoredObject {
  mime: string
  bytes: Uint8Array
}

/** Reads a study with its saved outputs; images come from the cache, or from the outputs folder where that is all there is. */
export async function readMaterial(studyPath: string, store: Store): Promise<Material> {
  const { document } = openStudy(decodeStudy(await readFile(studyPath)))
  const outputs = new Map((await savedOutputs(studyPath)).map(cell => [cell.id, cell]))
  const wanted = new Set<string>()
  for (const { outputs: list } of outputs.values()) {
    for (const item of list.flatMap(({ items }) => items)) {
      if ('object' in item) wanted.add(item.object)
      if (!('json' in item)) continue
      const { thumbs, images } = imagesIn(item.json)
      for (const hash of [...thumbs, ...images]) wanted.add(hash)
    }
  }
  const objects = new Map<string, StoredObject>()
  for (const hash of wanted) {
    const found = await readObject(hash, store, studyPath)
    if (found) objects.set(hash, found)
  }
  return { document, outputs, objects, files: await readPictures(document, studyPath) }
}

const IMAGE_MIMES = ['image/png', 'image/jpeg', 'image/webp']

async function readObject(hash: string, store: Store, studyPath: string): Promise<StoredObject | undefined> {
  const places = [
    store.objectPath(hash),
    ...IMAGE_MIMES.map(mime => join(outputsFolder(studyPath), outputFile(hash, mime))),
  ]
  for (const path of places) {
    const bytes = await readIfThere(path)
    if (bytes) return { mime: await sniffMime(path), bytes }
  }
  return undefined
}

/** Pictures that prose shows from the study's own folder. */
async function readPictures(document: StudyDocument, studyPath: string): Promise<Map<string, StoredObject>> {
  const folder = resolve(studyPath, '..')
  const found = new Map<string, StoredObject>()
  for (const cell of document.cells) {
    if (cell.kind !== 'prose') continue
    for (const [, source] of cell.text.matchAll(/!\[[^\]]*\]\(\s*<?([^)\s>]+)/g)) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(source)) continue
      const path = resolve(folder, decodeURI(source))
      if (relative(folder, path).startsWith('..')) continue
      const bytes = await readIfThere(path)
      if (!bytes) continue
      const mime = source.toLowerCase().endsWith('.svg') ? 'image/svg+xml' : await sniffMime(path)
      if (mime.startsWith('image/')) found.set(source, { mime, bytes })
    }
  }
  return found
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch {
    return undefined
  }
}
