import { decodePicture, type Picture } from './picture.ts'
import { createQueue } from './queue.ts'
import type { ImageSource } from './source.ts'

/** Images read and decoded at the same time. */
const AT_ONCE = 6

/** A picture in use. It stays open until released; releasing twice does nothing. */
export interface Lease {
  readonly picture: Promise<Picture>
  /** The picture, once it is there. */
  readonly now: Picture | undefined
  release(): void
}

/** Decoded pictures, shared by key and closed when nobody needs them. */
export interface Pictures {
  /** The stored image with this hash. */
  acquire(hash: string): Lease
  /** A picture made from others, under a key that names everything it depends on. */
  derive(key: string, make: (signal: AbortSignal) => Promise<Picture>): Lease
  /** Pictures that are open, and their bytes. */
  live(): { pictures: number; bytes: number }
  /** Closes everything, in use or not. */
  dispose(): void
}

interface Entry {
  promise: Promise<Picture>
  picture?: Picture
  uses: number
  abort: AbortController
}

/** @param idleBytes how much may stay open for a quick return, in bytes */
export function createPictures(source: ImageSource, idleBytes = 128 * 2 ** 20): Pictures {
  const queue = createQueue(AT_ONCE)
  // In order of last use: a Map keeps insertion order, and `touch` re-inserts.
  const entries = new Map<string, Entry>()

  const close = (key: string, entry: Entry) => {
    entries.delete(key)
    entry.abort.abort()
    entry.picture?.close()
    entry.picture = undefined
  }

  const trim = () => {
    let idle = 0
    for (const entry of entries.values()) if (entry.uses === 0) idle += entry.picture?.bytes ?? 0
    for (const [key, entry] of entries) {
      if (entry.uses > 0) continue
      if (entry.picture && idle <= idleBytes) continue
      idle -= entry.picture?.bytes ?? 0
      close(key, entry)
    }
  }

  const open = (key: string, make: (signal: AbortSignal) => Promise<Picture>): Entry => {
    const abort = new AbortController()
    const entry: Entry = { uses: 0, abort, promise: make(abort.signal) }
    entry.promise = entry.promise.then(
      picture => {
        if (abort.signal.aborted) {
          picture.close()
          throw abort.signal.reason
        }
        entry.picture = picture
        trim()
        return picture
      },
      error => {
        // Not kept: the next one who asks tries again.
        if (entries.get(key) === entry) entries.delete(key)
        throw error
      },
    )
    entry.promise.catch(() => {})
    return entry
  }

  const derive: Pictures['derive'] = (key, make) => {
    const entry = entries.get(key) ?? open(key, make)
    entries.delete(key)
    entries.set(key, entry)
    entry.uses++
    let released = false
    return {
      picture: entry.promise,
      get now() {
        return entry.picture
      },
      release() {
        if (released) return
        released = true
        entry.uses--
        trim()
      },
    }
  }

  return {
    acquire: hash =>
      derive(hash, signal => queue(async () => decodePicture(await source.load(hash)), signal)),
    derive,
    live() {
      const open = [...entries.values()].filter(entry => entry.picture)
      return { pictures: open.length, bytes: open.reduce((sum, entry) => sum + entry.picture!.bytes, 0) }
    },
    dispose() {
      for (const [key, entry] of [...entries]) close(key, entry)
    },
  }
}
