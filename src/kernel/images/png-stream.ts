import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { crc32, createDeflate, type Deflate } from 'node:zlib'

/**
 * Writes an 8-bit RGB or RGBA PNG from rows as they come, for images too large to hold (PNG, third edition,
 * https://www.w3.org/TR/png-3/). Each row is stored as its difference from the row above (filter type 2).
 */
export class PngStream {
  readonly #file: WriteStream
  /** Heard from the beginning: a file that fails is closed at once, and says so only once. */
  readonly #closed: Promise<void>
  readonly #deflate: Deflate
  readonly #rowBytes: number
  #above: Uint8Array
  #failure?: Error

  constructor(path: string, width: number, height: number, channels: 3 | 4) {
    this.#rowBytes = width * channels
    this.#above = new Uint8Array(this.#rowBytes)
    this.#file = createWriteStream(path)
    this.#closed = finished(this.#file)
    this.#closed.catch(() => {})
    this.#deflate = createDeflate({ level: 3, chunkSize: 1 << 20 })
    this.#deflate.on('data', (bytes: Buffer) => this.#chunk('IDAT', bytes))
    const fail = (error: Error) => {
      this.#failure = error
    }
    this.#file.on('error', fail)
    this.#deflate.on('error', fail)
    this.#file.write(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))
    const header = new DataView(new ArrayBuffer(13))
    header.setUint32(0, width)
    header.setUint32(4, height)
    // 8 bits; colour type 2 is RGB, 6 is RGBA; compression, filter and interlace methods 0.
    header.setUint32(8, channels === 3 ? 0x08020000 : 0x08060000)
    this.#chunk('IHDR', new Uint8Array(header.buffer))
  }

  /** Takes whole rows, interleaved; resolves when they may be followed by more. */
  async write(rows: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure
    const count = rows.length / this.#rowBytes
    const filtered = new Uint8Array(rows.length + count)
    for (let row = 0; row < count; row++) {
      const current = rows.subarray(row * this.#rowBytes, (row + 1) * this.#rowBytes)
      const to = row * (this.#rowBytes + 1)
      filtered[to] = 2
      for (let i = 0; i < current.length; i++) filtered[to + 1 + i] = current[i] - this.#above[i]
      this.#above = current
    }
    this.#above = this.#above.slice()
    if (!this.#deflate.write(filtered)) await once(this.#deflate, 'drain')
    if (this.#failure) throw this.#failure
  }

  async end(): Promise<void> {
    this.#deflate.end()
    await once(this.#deflate, 'end')
    this.#chunk('IEND', new Uint8Array())
    this.#file.end()
    await this.#closed
    if (this.#failure) throw this.#failure
  }

  /** Gives up; the file is left incomplete. */
  destroy(): void {
    this.#deflate.destroy()
    this.#file.destroy()
  }

  #chunk(type: string, data: Uint8Array): void {
    const head = new Uint8Array(8)
    new DataView(head.buffer).setUint32(0, data.length)
    head.set(new TextEncoder().encode(type), 4)
    const tail = new Uint8Array(4)
    new DataView(tail.buffer).setUint32(0, crc32(data, crc32(head.subarray(4))))
    this.#file.write(head)
    this.#file.write(data)
    this.#file.write(tail)
  }
}
