import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rendezvous } from '../../kernel/protocol/detached.ts'

/**
 * Notes where the kernel of each study is found again after the window was reloaded, in the extension's own storage,
 * readable for the user alone.
 */
export class RendezvousFile {
  readonly #folder: string
  readonly #path: string

  /** @param storage folder of the extension's storage; @param study path of the study */
  constructor(storage: string, study: string) {
    this.#folder = join(storage, 'kernels')
    const name = createHash('sha256').update(study).digest('hex').slice(0, 32)
    this.#path = join(this.#folder, `${name}.json`)
  }

  async read(): Promise<Rendezvous | undefined> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as Rendezvous
    } catch {
      return undefined
    }
  }

  async write(rendezvous: Rendezvous): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeFile(this.#path, JSON.stringify(rendezvous), { mode: 0o600 })
  }

  /** Forgets this kernel; another one that was noted since stays. */
  async forget({ token }: Rendezvous): Promise<void> {
    if ((await this.read())?.token === token) await rm(this.#path, { force: true })
  }
}
