import type { KernelClient } from '../../kernel/protocol/client.ts'
import { Failure } from '../failure.ts'
import type { vscode } from '../vscode.ts'
import { filesByHash, folderOf, loadSaved, type ReadFile, within } from './saved-outputs.ts'

export interface StoredObject {
  bytes: Uint8Array
  mime: string
}

/** What is asked of a study: where it is, and its kernel when it runs. */
export interface ObjectOwner {
  notebook: Pick<vscode.NotebookDocument, 'uri'>
  kernel: { readonly client: Pick<KernelClient, 'request'> | undefined }
}

interface Ports {
  fs: ReadFile
  Uri: Pick<typeof vscode.Uri, 'file'>
}

const HASH = /^[0-9a-f]{64}$/

/** Reads stored objects (images, mostly) by hash, with the kernel when it runs and without it otherwise. */
export class StudyObjects {
  readonly #ports: Ports

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /** @throws Failure when the object is neither in the store nor saved with the study */
  async read(study: ObjectOwner, hash: string): Promise<StoredObject> {
    // What asks is an output, which may come from anyone's file.
    if (!HASH.test(hash)) throw missing(hash)
    const uri = (await this.#fromKernel(study, hash)) ?? (await this.#fromFolder(study, hash))
    if (!uri) throw missing(hash)
    try {
      const bytes = await this.#ports.fs.readFile(uri)
      return { bytes, mime: sniff(bytes) }
    } catch {
      throw missing(hash)
    }
  }

  async #fromKernel({ notebook, kernel }: ObjectOwner, hash: string): Promise<vscode.Uri | undefined> {
    try {
      const found = await kernel.client?.request('object', { path: notebook.uri.fsPath, hash })
      return found && this.#ports.Uri.file(found.path)
    } catch {
      return undefined
    }
  }

  async #fromFolder({ notebook }: ObjectOwner, hash: string): Promise<vscode.Uri | undefined> {
    const folder = folderOf(notebook.uri)
    const file = filesByHash(await loadSaved(this.#ports.fs, notebook.uri)).get(hash)
    return folder && file ? within(folder, file) : undefined
  }
}

function missing(hash: string): Failure {
  return new Failure({
    code: 'object-missing',
    message: `The stored object ${hash.slice(0, 12)} was not saved with the study. Run the cell to make it again.`,
  })
}

/** First bytes of the formats that outputs hold. */
const SIGNATURES: readonly { mime: string; at: number; bytes: readonly number[] }[] = [
  { mime: 'image/png', at: 0, bytes: [0x89, 0x50, 0x4e, 0x47] },
  { mime: 'image/jpeg', at: 0, bytes: [0xff, 0xd8, 0xff] },
  { mime: 'image/webp', at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
  { mime: 'image/gif', at: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
]

function sniff(bytes: Uint8Array): string {
  const known = SIGNATURES.find(({ at, bytes: magic }) => magic.every((byte, i) => bytes[at + i] === byte))
  return known?.mime ?? 'application/octet-stream'
}
