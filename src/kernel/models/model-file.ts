import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileHash } from '../images/file-hash.ts'
import { externalFiles } from '../onnx/read.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import type { ModelFile } from './run/session-pool.ts'

/**
 * An ONNX file with its checksums, including those of the files that hold its large tensors.
 *
 * @param name what to call it in errors
 * @throws MirageError `file-missing`, `model-unreadable`
 */
export async function modelFile(store: Store, path: string, name: string): Promise<ModelFile> {
  const sha256 = await fileHash(store, path, name)
  const names = externalFiles(await readFile(path))
  if (names.length === 0) return { path, sha256 }
  const hashes = await Promise.all(names.map(each => fileHash(store, join(dirname(path), each), each)))
  return { path, sha256, data: hashOf(hashes) }
}

/** One hash for everything that a model file is made of. */
export function identityOf({ sha256, data }: Pick<ModelFile, 'sha256' | 'data'>): string {
  return data === undefined ? sha256 : hashOf([sha256, data])
}
