import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MirageError } from '../../../src/kernel/errors.ts'
import { decodeImage } from '../../../src/kernel/images/decode.ts'
import { encodePng } from '../../../src/kernel/images/encode.ts'
import { ingestBytes } from '../../../src/kernel/images/ingest.ts'
import { createPixels } from '../../../src/kernel/images/pixels.ts'
import type { StepContext } from '../../../src/kernel/step.ts'
import { infer } from '../../../src/kernel/steps/infer.ts'
import { metrics } from '../../../src/kernel/steps/metrics.ts'
import type { StudyTable } from '../../../src/kernel/value.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

// Models that run outside: a program over a folder, and a server that speaks the KServe v2 protocol.

let folder: string
let photos: StudyTable
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-outside-'))
  const { store } = stepContext(folder)
  const stored = async (value: number) => {
    const pixels = createPixels(10, 8)
    pixels.data.fill(value)
    return (await ingestBytes(store, await encodePng(pixels), 'lr.png')).image
  }
  const rows = [
    { id: 'a', method: null, images: { lr: await stored(0.2) }, values: {} },
    { id: 'b', method: null, images: { lr: await stored(0.6) }, values: {} },
  ]
  photos = { kind: 'table', scale: 2, columns: [], rows }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function run(model: object, changes: Partial<StepContext> = {}, table = photos) {
  return runStep(
    infer,
    { of: 'photos', model },
    { ...stepContext(folder, { photos: table }), offline: false, ...changes },
  )
}

async function errorOf(action: Promise<unknown>) {
  const error = await action.catch(each => each as unknown)
  if (error instanceof MirageError) return error.info
  throw new Error(`no MirageError: ${error}`)
}

async function firstValue(table: StudyTable, row: number) {
  const { store } = stepContext(folder)
  const { pixels } = await decodeImage(store.objectPath(table.rows[row].images.sr!.hash))
  return { width: pixels.width, height: pixels.height, value: pixels.data[0] }
}

const leftovers = async () =>
  (await readdir(join(folder, '.mirage-cache', 'tmp'))).filter(name => name.startsWith('command'))

describe('a program', () => {
  const script = join(import.meta.dirname, '../../fixtures/enlarge-folder.ts')
  const program = (mood = '', changes: object = {}) => ({
    command: [process.execPath, script, '{input}', '{output}', '{scale}', mood],
    name: `nearest${mood}`,
    scale: 2,
    kind: 'interpolation',
    ...changes,
  })
  const seen = async () => JSON.parse(await readFile(join(folder, 'inputs.json'), 'utf8')) as string[]

  test('enlarges the images that are not there yet, in one run', async () => {
    const one: StudyTable = { ...photos, rows: photos.rows.slice(0, 1) }
    await run(program(), {}, one)
    expect(await seen()).toEqual(['image-00001.png'])
    const { value, progress, outputs } = await run(program())
    expect(await seen()).toEqual(['image-00002.png'])
    const table = value as StudyTable
    expect(table.rows.map(({ id, method }) => `${id} ${method}`)).toEqual(['a nearest', 'b nearest'])
    const second = await firstValue(table, 1)
    expect([second.width, second.height]).toEqual([20, 16])
    expect(second.value).toBeCloseTo(0.6, 3)
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total)
    expect((outputs[1].items.at(-1) as { text: string }).text).toContain('1 from the cache, 2 tiles, command')
    expect(await leftovers()).toEqual([])
  })

  test('that fails, writes too little, writes another size or is not there is reported in its own words', async () => {
    const failed = await errorOf(run(program('fail')))
    expect(failed).toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('code 3: CUDA driver'),
    })
    const skipped = await run(program('skip'))
    expect(skipped.failed).toMatchObject([
      { id: 'a', error: { code: 'command-incomplete', message: expect.stringContaining('"a"') } },
    ])
    expect((skipped.value as StudyTable).rows[1].images.sr).toBeDefined()
    const sized = { command: [process.execPath, script, '{input}', '{output}', '3'], name: 'three', scale: 2 }
    expect((await errorOf(run(sized))).code).toBe('model-wrong-scale')
    const absent = { command: ['no-such-program'], name: 'absent', scale: 2 }
    expect((await errorOf(run(absent))).message).toContain('no-such-program cannot be started')
    expect(await leftovers()).toEqual([])
  })

  test('that crashes over one image costs that image alone, whose row says why until it is tried again', async () => {
    await mkdir(join(folder, 'poison'))
    const { store } = stepContext(folder)
    await copyFile(store.objectPath(photos.rows[0].images.lr!.hash), join(folder, 'poison', 'a.png'))
    const { value, failed, notes, progress } = await run(program('crash'))
    const [a, b] = (value as StudyTable).rows
    expect(a).toMatchObject({ id: 'a', method: 'nearestcrash', images: { lr: {} } })
    expect(a.images.sr).toBeUndefined()
    expect(a.missing?.sr).toBe(`${process.execPath} ended with SIGSEGV.`)
    expect(b.images.sr).toBeDefined()
    expect(b.missing).toBeUndefined()
    expect(failed).toMatchObject([{ id: 'a', error: { code: 'command-failed' } }])
    expect(notes.join()).toContain('1 row could not be enlarged')
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total)

    const table = {
      ...(value as StudyTable),
      rows: [a, b].map(row => ({ ...row, images: { ...row.images, gt: b.images.sr } })),
    }
    const measured = await runStep(
      metrics,
      { of: 'photos', use: ['psnr'] },
      stepContext(folder, { photos: table }),
    )
    const [first, second] = (measured.value as StudyTable).rows
    expect(first.missing).toEqual({ sr: a.missing!.sr, psnr: 'no SR' })
    expect(second.missing?.psnr).toBeUndefined()
    expect(measured.failed).toEqual([])

    await rm(join(folder, 'poison'), { recursive: true })
    const again = await run(program('crash'))
    expect(again.failed).toEqual([])
    expect(await seen()).toEqual(['image-00001.png'])
  })

  test('is ended when the cell is stopped', async () => {
    const stop = new AbortController()
    const running = run(program('hang'), { signal: stop.signal })
    const marker = join(folder, 'hanging.pid')
    while (!existsSync(marker) || readFileSync(marker, 'utf8') === '') await sleep(20)
    stop.abort()
    await expect(running).rejects.toThrow(/abort/i)
    await expect
      .poll(async () => {
        try {
          return process.kill(Number(await readFile(marker, 'utf8')), 0)
        } catch {
          return 'gone'
        }
      })
      .toBe('gone')
    expect(await leftovers()).toEqual([])
  })
})

describe('a server', () => {
  let server: Server
  let address: string
  const requests: { url?: string; authorization?: string; shape: number[] }[] = []
  let busy = 0
  let answer: 'nearest' | 'small' | 'broken' = 'nearest'

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      if (busy-- > 0) return response.writeHead(503).end('loading')
      if (answer === 'broken') return response.writeHead(400).end('unexpected input "input"')
      const { inputs } = JSON.parse(text) as { inputs: [{ shape: number[]; data: number[] }] }
      const [{ shape, data }] = inputs
      requests.push({ url: request.url, authorization: request.headers.authorization, shape })
      const [, channels, height, width] = shape
      const [h, w] = answer === 'small' ? [height, width] : [height * 2, width * 2]
      const factor = h / height
      const out = Array.from({ length: channels * h * w }, (_, i) => {
        const [c, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w]
        return 255 - data[(c * height + Math.floor(y / factor)) * width + Math.floor(x / factor)]
      })
      const tensor = { name: 'sr', datatype: 'FP32', shape: [1, channels, h, w], data: out }
      return response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ outputs: [tensor] }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    requests.length = 0
    answer = 'nearest'
  })
  afterAll(() => new Promise(resolve => server.close(resolve)))

  const endpoint = (changes: object = {}) => ({
    endpoint: address,
    model: 'sr model',
    name: 'remote',
    scale: 2,
    range: '0..255',
    ...changes,
  })

  test('enlarges the images with its own value range, and where they go is said', async () => {
    const { value, notes, lock } = await run(endpoint())
    const { width, height, value: first } = await firstValue(value as StudyTable, 0)
    expect([width, height]).toEqual([20, 16])
    expect(first).toBeCloseTo(0.8, 2)
    expect(requests.map(({ url, shape }) => [url, shape])).toEqual([
      ['/v2/models/sr%20model/infer', [1, 3, 8, 10]],
      ['/v2/models/sr%20model/infer', [1, 3, 8, 10]],
    ])
    expect(notes).toEqual([
      `remote: LR images that are not in the cache are sent to ${new URL(address).host}.`,
    ])
    expect(lock).toMatchObject({ remote: { providers: ['endpoint'] } })
    await run(endpoint(), { offline: true })
    expect(requests).toHaveLength(2)
  })

  test('gets the token from the environment, and no file holds it', async () => {
    const model = endpoint({ version: '2', keyFrom: 'SR_TOKEN' })
    expect(await errorOf(run(model))).toMatchObject({
      code: 'key-missing',
      message: expect.stringContaining('SR_TOKEN'),
    })
    const { value, lock, outputs } = await run(model, { env: { SR_TOKEN: 'secret-4711' } })
    expect(requests[0].authorization).toBe('Bearer secret-4711')
    expect(JSON.stringify([value, lock, outputs])).not.toContain('secret-4711')
    for (const name of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (name.isFile())
        expect(await readFile(join(name.parentPath, name.name), 'utf8')).not.toContain('secret-4711')
    }
  })

  test('that is loading is asked again', async () => {
    busy = 1
    const { value } = await run(endpoint({ version: '3' }))
    expect((await firstValue(value as StudyTable, 0)).value).toBeCloseTo(0.8, 2)
  })

  test('that refuses, answers another size, is gone or may not be asked is reported', async () => {
    answer = 'broken'
    const refused = await errorOf(run(endpoint({ version: '4' })))
    expect(refused).toMatchObject({
      code: 'endpoint-failed',
      message: expect.stringContaining('400: unexpected input'),
    })
    answer = 'small'
    expect((await errorOf(run(endpoint({ version: '4' })))).message).toContain(
      'answered [1, 3, 8, 10] where x2',
    )
    expect((await errorOf(run(endpoint({ version: '4' }), { offline: true }))).code).toBe('offline')
    const gone = await errorOf(run(endpoint({ endpoint: 'http://127.0.0.1:9' })))
    expect(gone).toMatchObject({
      code: 'endpoint-failed',
      message: expect.stringContaining('cannot be reached'),
    })
  })
})
