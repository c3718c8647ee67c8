import { open } from 'node:fs/promises'

const SIGNATURES: [mime: string, offset: number, bytes: string][] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/webp', 8, 'WEBP'],
  ['image/gif', 0, 'GIF8'],
  ['image/tiff', 0, 'II*\0'],
  ['image/tiff', 0, 'MM\0*'],
  ['image/bmp', 0, 'BM'],
  ['image/avif', 4, 'ftypavif'],
  ['application/json', 0, '{'],
  ['application/json', 0, '['],
]

/** Media type of a stored object by its first bytes; objects have no file names. */
export async function sniffMime(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0)
    const head = buffer.toString('latin1', 0, bytesRead)
    return (
      SIGNATURES.find(([, offset, bytes]) => head.startsWith(bytes, offset))?.[0] ??
      'application/octet-stream'
    )
  } finally {
    await file.close()
  }
}
