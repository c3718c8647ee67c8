import { cp, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { degrade } from '../../../src/kernel/compute/jobs/degrade.ts'
import { ingest } from '../../../src/kernel/compute/jobs/ingest.ts'
import { resizeBicubic } from '../../../src/kernel/images/bicubic.ts'
import { decodeImage } from '../../../src/kernel/images/decode.ts'
import { encodePng } from '../../../src/kernel/images/encode.ts'
import { fileHash, fileHashes } from '../../../src/kernel/images/file-hash.ts'
import { createPixels, crop, quantize8 } from '../../../src/kernel/images/pixels.ts'
import { createFolderStore, hashFile } from '../../../src/kernel/store/folder-store.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-ingest-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const context = () => ({
  storeRoot: join(folder, 'store'),
  signal: new AbortController().signal,
  report: () => {},
})

function gradient(width: number, height: number) {
  const image = createPixels(width, height)
  for (let i = 0; i < image.data.length; i++) image.data[i] = (i % width) / width
  return quantize8(image)
}

async function settled(path: string, bytes: Uint8Array) {
  await writeFile(path, bytes)
  const past = new Date(Date.now() - 60_000)
  await utimes(path, past, past)
}

test('a file becomes a stored object with its size, and keeps its bytes', async () => {
  const path = join(folder, 'a.png')
  await writeFile(path, await encodePng(gradient(300, 20)))
  const [{ image, converted }] = await ingest.run({ files: [{ path, name: 'gt/a.png' }] }, context())
  expect(image).toMatchObject({
    hash: await hashFile(path),
    width: 300,
    height: 20,
    mime: 'image/png',
    name: 'gt/a.png',
  })
  expect(converted).toEqual([])
  const thumb = await decodeImage(await createFolderStore(join(folder, 'store')).getObject(image.thumb ?? ''))
  expect([thumb.pixels.width, thumb.pixels.height]).toEqual([256, 17])
})

test('a type that browsers do not show is stored as a PNG with the same pixels', async () => {
  const path = join(folder, 'a.tif')
  const samples = Uint16Array.from({ length: 27 }, (_, i) => i * 2000)
  await sharp(samples, { raw: { width: 3, height: 3, channels: 3 } })
    .toColourspace('rgb16')
    .tiff({ compression: 'deflate' })
    .toFile(path)
  const [{ image, converted }] = await ingest.run({ files: [{ path, name: 'a.tif' }] }, context())
  expect(converted).toEqual(['image/tiff stored as PNG'])
  const stored = await createFolderStore(join(folder, 'store')).getObject(image.hash)
  expect((await decodeImage(stored)).pixels).toEqual((await decodeImage(path)).pixels)
})

test('an untouched file is not read again, and a changed one is', async () => {
  const path = join(folder, 'a.png')
  await settled(path, await encodePng(gradient(8, 8)))
  const store = createFolderStore(join(folder, 'store'))
  const first = await fileHash(store, path)
  // Same size, time stamp and inode: only reading it would show the difference.
  const { size, atime, mtime } = await stat(path)
  await writeFile(path, Buffer.alloc(size))
  await utimes(path, atime, mtime)
  expect(await fileHash(store, path)).toBe(first)
  await settled(path, await encodePng(gradient(9, 8)))
  expect(await fileHash(store, path)).toBe(await hashFile(path))
})

test('the files of a folder are known together: none is read again, except the one that changed', async () => {
  const files = ['b.png', 'c.png', 'd.png'].map(name => ({ path: join(folder, name), name }))
  for (const [n, { path }] of files.entries()) await settled(path, await encodePng(gradient(8 + n, 8)))
  const store = createFolderStore(join(folder, 'store'))
  const { signal } = new AbortController()
  const first = await fileHashes(store, files, signal)
  expect(first).toEqual(await Promise.all(files.map(({ path }) => hashFile(path))))
  const { size, atime, mtime } = await stat(files[0].path)
  await writeFile(files[0].path, Buffer.alloc(size))
  await utimes(files[0].path, atime, mtime)
  await settled(files[2].path, await encodePng(gradient(20, 8)))
  expect(await fileHashes(store, files, signal)).toEqual([first[0], first[1], await hashFile(files[2].path)])
  const missing = [...files, { path: join(folder, 'e.png'), name: 'e.png' }]
  await expect(fileHashes(store, missing, signal)).rejects.toThrow('e.png')
})

test('an image whose stored copy was removed is stored again', async () => {
  const path = join(folder, 'a.png')
  await settled(path, await encodePng(gradient(8, 8)))
  const params = { files: [{ path, name: 'a.png' }] }
  const [first] = await ingest.run(params, context())
  const store = createFolderStore(join(folder, 'store'))
  await rm(store.objectPath(first.image.hash))
  expect(await ingest.run(params, context())).toEqual([first])
  expect(await store.hasObject(first.image.hash)).toBe(true)
})

test('LR made from GT is its antialiased bicubic, and a GT that does not fit is cut', async () => {
  const gt = gradient(42, 31)
  const path = join(folder, 'a.png')
  await writeFile(path, await encodePng(gt))
  const [{ image }] = await ingest.run({ files: [{ path, name: 'a.png' }] }, context())
  const [made] = await degrade.run({ images: [{ gt: image, name: 'a x4' }], scale: 4 }, context())
  const store = createFolderStore(join(folder, 'store'))
  const lr = await decodeImage(await store.getObject(made.lr.hash))
  const cut = crop(gt, 0, 0, 40, 28)
  expect(lr.pixels).toEqual(quantize8(resizeBicubic(cut, 10, 7)))
  expect((await decodeImage(await store.getObject(made.gt.hash))).pixels).toEqual(cut)
  expect(made.lr.name).toBe('a x4')
  expect(await degrade.run({ images: [{ gt: image, name: 'a x4' }], scale: 4 }, context())).toEqual([made])
})

test('a broken file fails the job with its name', async () => {
  const path = join(folder, 'a.png')
  await cp('package.json', path)
  await expect(ingest.run({ files: [{ path, name: 'lr/a.png' }] }, context())).rejects.toMatchObject({
    info: { code: 'not-an-image', message: expect.stringContaining('lr/a.png') },
  })
})
