import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MirageError } from '../errors.ts'
import { hashFile } from '../store/folder-store.ts'

export interface DownloadOptions {
  /** That the file must have. */
  sha256?: string
  signal?: AbortSignal
  /** Bytes so far, and of how many where the server says. */
  onProgress?(done: number, total: number | undefined): void
  /** The network must not be used. */
  offline?: boolean
}

/** How often a broken connection is taken up again. */
const TRIES = 4

/**
 * Fetches a file over HTTPS and returns its sha256 (hex). What has arrived is kept beside the target as `.part` and
 * continued by the next try or the next call, if the server still has the same file. The target appears only when it is
 * complete and its checksum is right.
 *
 * @throws MirageError `offline`, `url-insecure`, `download-failed`, `checksum-mismatch`
 */
export async function download(url: string, target: string, options: DownloadOptions): Promise<string> {
  requireSecure(url)
  if (options.offline) throw offline(url)
  await mkdir(dirname(target), { recursive: true })
  const part = `${target}.part`
  for (let attempt = 1; ; attempt++) {
    try {
      await fetchPart(url, part, options)
      break
    } catch (error) {
      options.signal?.throwIfAborted()
      if (error instanceof MirageError || attempt === TRIES)
        throw error instanceof MirageError ? error : broken(url, error)
    }
  }
  const actual = await hashFile(part)
  await rm(`${part}.json`, { force: true })
  if (options.sha256 !== undefined && actual !== options.sha256.toLowerCase()) {
    await rm(part)
    throw mismatch(url, options.sha256, actual)
  }
  await rename(part, target)
  return actual
}

/** Which file a `.part` belongs to. */
interface PartRecord {
  url: string
  /** ETag or Last-Modified, by which a server says that the file is still the same. */
  validator: string
}

async function fetchPart(url: string, part: string, { signal, onProgress }: DownloadOptions): Promise<void> {
  const begun = await begunPart(url, part)
  const headers = begun ? { range: `bytes=${begun.size}-`, 'if-range': begun.validator } : undefined
  const response = await fetch(url, { headers, signal })
  requireSecure(response.url)
  if (response.status === 416 && begun) {
    // What is there is as long as the file or longer: begin again.
    await rm(part)
    throw new Error('the part on disk does not fit')
  }
  if (!response.ok || response.body === null) throw refused(url, response.status)
  const resumed = response.status === 206
  const start = resumed ? begun!.size : 0
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  const total = Number.isNaN(length) ? undefined : start + length
  const etag = response.headers.get('etag')
  const validator = (etag?.startsWith('W/') ? null : etag) ?? response.headers.get('last-modified')
  // Never the record of one file beside the beginning of another, whenever this process ends.
  if (!resumed) await rm(part, { force: true })
  if (validator) await writeFile(`${part}.json`, JSON.stringify({ url, validator } satisfies PartRecord))
  else await rm(`${part}.json`, { force: true })

  let done = start
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      done += chunk.length
      onProgress?.(done, total)
      yield chunk
    }
  }
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  await pipeline(body, counted, createWriteStream(part, { flags: resumed ? 'a' : 'w' }), { signal })
  if (total !== undefined && done !== total) throw new Error(`it ended after ${done} of ${total} bytes`)
}

async function begunPart(
  url: string,
  part: string,
): Promise<{ size: number; validator: string } | undefined> {
  try {
    const record = JSON.parse(await readFile(`${part}.json`, 'utf8')) as PartRecord
    const { size } = await stat(part)
    return record.url === url && size > 0 ? { size, validator: record.validator } : undefined
  } catch {
    return undefined
  }
}

/** HTTPS, or plain HTTP to this machine. */
function requireSecure(url: string): void {
  const { protocol, hostname } = new URL(url)
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && local)) return
  throw new MirageError({
    code: 'url-insecure',
    message: `${url} is not an HTTPS address.`,
    remedy: 'Use the https:// address, or fetch the file yourself and add it by its path.',
  })
}

function offline(url: string): MirageError {
  return new MirageError({
    code: 'offline',
    message: `${url} is needed, and the network must not be used.`,
    remedy:
      'Run without --offline once (in VS Code: with the setting mirage.network.allowed), or copy the file and add it by its path.',
  })
}

function refused(url: string, status: number): MirageError {
  return new MirageError({
    code: 'download-failed',
    message: `${url} answered ${status}.`,
    remedy:
      status === 401 || status === 403
        ? 'It needs a login: fetch it yourself and add it by its path.'
        : 'Check the address.',
  })
}

function broken(url: string, cause: unknown): MirageError {
  const { message, cause: inner } = cause as Error & { cause?: Error }
  return new MirageError(
    {
      code: 'download-failed',
      message: `${url} could not be fetched: ${inner?.message ?? message}.`,
      remedy: 'Try again: what has arrived is kept and continued.',
    },
    { cause },
  )
}

function mismatch(url: string, expected: string, actual: string): MirageError {
  return new MirageError({
    code: 'checksum-mismatch',
    message: `${url} has the sha256 ${actual} where ${expected} is expected.`,
    remedy:
      'The file was changed at its source or on the way; it was not kept. Check the checksum with its publisher.',
  })
}
