import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MirageError } from '../../../src/kernel/errors.ts'
import { addModel, addressOf, removeModel } from '../../../src/kernel/models/add.ts'
import { type DownloadOptions, download } from '../../../src/kernel/models/download.ts'
import { modelSummaries } from '../../../src/kernel/models/summary.ts'
import { writeGraph } from '../../../src/kernel/onnx/write.ts'
import { nearestTimesTwo, withOutsideData } from '../../fixtures/toy-models.ts'

const bytes = Buffer.from(writeGraph(nearestTimesTwo([1, 1, 1], [0, 0, 0])))
const sha256 = createHash('sha256').update(bytes).digest('hex')
const signal = new AbortController().signal

let server: Server
let url: string
let folder: string
let ranges: (string | undefined)[]
let serve: (request: IncomingMessage, response: ServerResponse) => void

/** Answers with the file, or with the rest of it where that is asked for. */
function whole(request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const rest = start > 0 && request.headers['if-range'] === '"v1"'
  const body = rest ? bytes.subarray(start) : bytes
  response.writeHead(rest ? 206 : 200, { etag: '"v1"', 'content-length': body.length }).end(body)
}

/** Sends the beginning of what `whole` would, and cuts the connection once that has arrived on the disk. */
function cutAfter(count: number) {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { etag: '"v1"', 'content-length': bytes.length })
    response.write(bytes.subarray(0, count), () => void onDisk(count).then(() => response.destroy()))
  }
}

/** When so many bytes of the download are on the disk. */
async function onDisk(count: number): Promise<void> {
  const size = () =>
    stat(join(folder, 'm.onnx.part')).then(
      ({ size }) => size,
      () => 0,
    )
  await expect.poll(size, { timeout: 60_000, interval: 5 }).toBe(count)
}

beforeAll(async () => {
  server = createServer((request, response) => {
    ranges.push(request.headers.range)
    serve(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.onnx`
})
afterAll(() => new Promise(resolve => server.close(resolve)))
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-add-'))
  ranges = []
  serve = whole
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function codeOf(action: Promise<unknown>) {
  const error = await action.catch(each => each as unknown)
  if (error instanceof MirageError) return error.info.code
  throw new Error(`no MirageError: ${error}`)
}

const fetchTo = (options: Partial<DownloadOptions> = {}) =>
  download(url, join(folder, 'm.onnx'), { signal, ...options })

describe('a download', () => {
  test('arrives whole, says its progress and leaves nothing else', async () => {
    const progress: number[] = []
    expect(await fetchTo({ sha256, onProgress: done => progress.push(done) })).toBe(sha256)
    expect(await readFile(join(folder, 'm.onnx'))).toEqual(bytes)
    expect(progress.at(-1)).toBe(bytes.length)
    expect(await readdir(folder)).toEqual(['m.onnx'])
  })

  test('whose connection breaks goes on where it broke', async () => {
    serve = (request, response) =>
      ranges.length === 1 ? cutAfter(100)(request, response) : whole(request, response)
    expect(await fetchTo({ sha256 })).toBe(sha256)
    expect(ranges).toEqual([undefined, 'bytes=100-'])
    expect(await readFile(join(folder, 'm.onnx'))).toEqual(bytes)
  })

  test('that was stopped goes on in the next call; a file that changed meanwhile is fetched anew', async () => {
    const stop = new AbortController()
    serve = (_, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': bytes.length }).write(bytes.subarray(0, 150))
    }
    const stopped = fetchTo({ signal: stop.signal })
    void onDisk(150).then(() => stop.abort())
    await expect(stopped).rejects.toThrow(/abort/i)
    expect(await readdir(folder)).not.toContain('m.onnx')
    serve = (_, response) =>
      response.writeHead(200, { etag: '"v2"', 'content-length': bytes.length }).end(bytes)
    expect(await fetchTo()).toBe(sha256)
    expect(ranges).toEqual([undefined, 'bytes=150-'])
    expect(await readFile(join(folder, 'm.onnx'))).toEqual(bytes)
  })

  test('with another checksum is not kept', async () => {
    expect(await codeOf(fetchTo({ sha256: '0'.repeat(64) }))).toBe('checksum-mismatch')
    expect(await readdir(folder)).toEqual([])
  })

  test('that always breaks, is refused, is not over HTTPS or not allowed fails by name and asks no more', async () => {
    serve = cutAfter(10)
    expect(await codeOf(fetchTo())).toBe('download-failed')
    expect(ranges).toHaveLength(4)
    serve = (_, response) => response.writeHead(404).end()
    expect(await codeOf(fetchTo())).toBe('download-failed')
    expect(ranges).toHaveLength(5)
    expect(await codeOf(download('http://example.org/m.onnx', join(folder, 'm'), { signal }))).toBe(
      'url-insecure',
    )
    expect(await codeOf(fetchTo({ offline: true }))).toBe('offline')
    expect(ranges).toHaveLength(5)
  })
})

describe('adding a model', () => {
  test('puts it among the models that a study can name, with its source, its checksum and what was said of it', async () => {
    const added = await addModel(
      { from: url, id: 'mine', manifest: { range: '0..1', scale: 2 } },
      { signal },
      folder,
    )
    expect(added).toEqual({ path: join(folder, 'mine.onnx'), sha256, missing: [] })
    const manifest = JSON.parse(await readFile(join(folder, 'mine.onnx.json'), 'utf8'))
    expect(manifest).toMatchObject({
      id: 'mine',
      sha256,
      source: url,
      range: '0..1',
      layout: 'nchw',
      colour: 'rgb',
    })
    const [mine] = (await modelSummaries(join(folder, 'nowhere'), folder)).filter(({ id }) => id === 'mine')
    expect(mine).toMatchObject({ state: 'downloaded', scale: 2, bytes: bytes.length, source: url })
    await removeModel('mine', folder)
    expect(await readdir(folder)).toEqual([])
    expect(await codeOf(removeModel('mine', folder))).toBe('model-unknown')
  })

  test('from a file says what is still unknown of it', async () => {
    await writeFile(join(folder, 'local.onnx'), bytes)
    const added = await addModel(
      { from: join(folder, 'local.onnx'), id: 'mine', manifest: {} },
      { signal },
      folder,
    )
    expect(added.missing).toEqual(['range'])
  })

  test('brings along the files that hold its tensors, from a server or a folder, and takes them away with it', async () => {
    const outside = Buffer.from(withOutsideData(nearestTimesTwo([1, 1, 1], [0, 0, 0]), 'weights/offset.data'))
    const tensor = Buffer.from(Float32Array.of(0, 0, 0).buffer)
    serve = ({ url }, response) =>
      response.writeHead(200).end(url === '/weights/offset.data' ? tensor : outside)
    const home = join(folder, 'models')
    const fetched = await addModel({ from: url, id: 'mine', manifest: { range: '0..1' } }, { signal }, home)
    expect(fetched.path).toBe(join(home, 'mine', 'mine.onnx'))
    expect(await readFile(join(home, 'mine', 'weights', 'offset.data'))).toEqual(tensor)
    const [mine] = (await modelSummaries(folder, home)).filter(({ id }) => id === 'mine')
    expect(mine).toMatchObject({ state: 'downloaded', bytes: outside.length })
    await removeModel('mine', home)
    expect(await readdir(home)).toEqual([])

    const from = join(folder, 'local.onnx')
    await writeFile(from, outside)
    const copy = () => addModel({ from, id: 'copied', manifest: {} }, { signal }, home)
    expect(await codeOf(copy())).toBe('file-missing')
    await mkdir(join(folder, 'weights'))
    await writeFile(join(folder, 'weights', 'offset.data'), tensor)
    expect(await readFile(join((await copy()).path, '..', 'weights', 'offset.data'))).toEqual(tensor)
  })

  test('whose tensors would lie elsewhere is refused before anything of them is fetched', async () => {
    for (const name of ['../secret', '/etc/passwd', 'a\\b', 'https://elsewhere.example/x']) {
      serve = (_, response) =>
        response.writeHead(200).end(withOutsideData(nearestTimesTwo([1, 1, 1], [0, 0, 0]), name))
      ranges = []
      expect(await codeOf(addModel({ from: url, id: 'mine', manifest: {} }, { signal }, folder))).toBe(
        'model-unsupported',
      )
      expect(ranges).toHaveLength(1)
    }
    expect(await readdir(folder)).toEqual([])
  })

  test('a file on Hugging Face has a short address', () => {
    const from = 'hf:onnx-community/swin2SR/onnx/model.onnx'
    expect(addressOf(from, {})).toBe(
      'https://huggingface.co/onnx-community/swin2SR/resolve/main/onnx/model.onnx',
    )
    expect(addressOf('hf:a/b@v1/m.onnx', { HF_ENDPOINT: 'https://mirror.example' })).toBe(
      'https://mirror.example/a/b/resolve/v1/m.onnx',
    )
    expect(() => addressOf('hf:only-a-name', {})).toThrow(/names no file/)
  })

  test('refuses what is no model, an id that is taken or no name, and leaves nothing behind', async () => {
    serve = (_, response) => response.writeHead(200).end('<html>Please log in</html>')
    const add = (id: string) => codeOf(addModel({ from: url, id, manifest: {} }, { signal }, folder))
    expect(await add('page')).toBe('model-unreadable')
    expect(await add('bicubic')).toBe('model-id')
    expect(await add('../escape')).toBe('model-id')
    expect(await readdir(folder)).toEqual([])
  })
})
