import { InferenceSession } from 'onnxruntime-node'
import { MirageError } from '../../errors.ts'
import { hashFile } from '../../store/folder-store.ts'
import type { ProviderName } from '../providers.ts'
import { sessionOptions } from './session-options.ts'

/** An ONNX file, and the sha256 (hex) that it must have. */
export interface ModelFile {
  path: string
  sha256: string
  /** sha256 over the files beside it that hold its large tensors. */
  data?: string
}

export interface Lease {
  session: InferenceSession
  /** Gives the session back; it stays loaded until the pool needs its place. */
  end(): Promise<void>
}

interface Entry {
  key: string
  session: InferenceSession
  leases: number
}

/**
 * The loaded networks of a compute process, the least recently used of which make way. It owns every session: users
 * lease one and never release it.
 */
export class SessionPool {
  readonly #limit: number
  /** From the least to the most recently used. */
  #entries: Entry[] = []
  #profile: string | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Sessions that are loaded, for tests. */
  get size(): number {
    return this.#entries.length
  }

  /** Profiles every session that is loaded from now on; each leaves a file when it is released. */
  profile(prefix: string): void {
    this.#profile = prefix
  }

  /**
   * @throws MirageError `model-changed` where the file is not the one that was meant, `model-unreadable` where
   * onnxruntime refuses it.
   */
  async lease(file: ModelFile, provider: ProviderName): Promise<Lease> {
    const key = [provider, file.sha256, file.data].join(' ')
    const found = this.#entries.find(entry => entry.key === key)
    const entry = found ?? { key, session: await load(file, provider, this.#profile), leases: 0 }
    this.#entries = [...this.#entries.filter(each => each !== entry), entry]
    entry.leases++
    let ended = false
    return {
      session: entry.session,
      end: async () => {
        if (ended) return
        ended = true
        entry.leases--
        await this.#shrink(this.#limit)
      },
    }
  }

  /** Releases every session that is not leased. */
  async clear(): Promise<void> {
    await this.#shrink(0)
  }

  async #shrink(limit: number): Promise<void> {
    for (const entry of this.#entries.filter(each => each.leases === 0)) {
      if (this.#entries.length <= limit) return
      this.#entries = this.#entries.filter(each => each !== entry)
      if (this.#profile !== undefined) entry.session.endProfiling()
      await entry.session.release()
    }
  }
}

async function load(
  { path, sha256 }: ModelFile,
  provider: ProviderName,
  profile: string | undefined,
): Promise<InferenceSession> {
  const actual = await hashFile(path).catch(() => undefined)
  if (actual !== sha256) {
    throw new MirageError({
      code: 'model-changed',
      message: `${path} ${actual === undefined ? 'is gone' : 'is not the file that it was'} (sha256 ${sha256.slice(0, 12)} expected).`,
      remedy: 'Run the cell again with the file as it is now, or put the former file back.',
    })
  }
  try {
    const profiling = profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }
    return await InferenceSession.create(path, { ...sessionOptions(provider), ...profiling })
  } catch (cause) {
    throw new MirageError(
      {
        code: 'model-unreadable',
        message: `onnxruntime cannot load ${path} on ${provider}: ${
          String((cause as Error).message)
            .trim()
            .split('\n')[0]
        }`,
        remedy:
          'Check that the file is complete and that its operators are supported by this provider; try "provider: cpu".',
      },
      { cause },
    )
  }
}

/** The pool of this compute process: it holds the current network, a feature network, and the one before. */
export const SESSIONS = new SessionPool(3)
