import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { afterEach, expect, test } from 'vitest'
import { type KernelClient, type KernelExit, launchKernel } from '../../src/kernel/protocol/client.ts'
import type { CellEvent, Study } from '../../src/kernel/protocol/messages.ts'
import { MIME, type RatePayload } from '../../src/kernel/protocol/mime.ts'
import { cell, mirage, REPOSITORY, type StudyFolder, studyFolder, studyOf } from '../support/study-folder.ts'

// The kernel as it is shipped: its own process, the real protocol over its pipes, real compute processes behind it.
interface Kernel {
  client: KernelClient
  events: CellEvent[]
  exits: KernelExit[]
}
const open: Kernel[] = []
afterEach(async () => {
  for (const { client } of open.splice(0)) await client.dispose()
})

async function start(
  listen: (event: CellEvent) => void = () => {},
  env: Record<string, string> = {},
): Promise<Kernel> {
  const [events, exits]: [CellEvent[], KernelExit[]] = [[], []]
  const client = await launchKernel({
    node: process.execPath,
    entry: join(REPOSITORY, 'dist/kernel.mjs'),
    cwd: REPOSITORY,
    env,
    onEvent: event => {
      events.push(event)
      listen(event)
    },
    onExit: exit => exits.push(exit),
    onLog: () => {},
  })
  const kernel = { client, events, exits }
  open.push(kernel)
  return kernel
}

const TEXT = [
  cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }'),
  cell('sr', 'infer: { of: photos, model: realesr-general-x4v3, provider: cpu, as: upscaled }'),
  cell('m', 'metrics: { of: upscaled, use: [psnr, ssim], as: measured }'),
].join('\n')

async function write(folder: StudyFolder, text = TEXT): Promise<Study> {
  return studyOf(await folder.write(text), text)
}

const all = (study: Study) => ({ study, cells: study.cells.map(({ id }) => id) })

/** Processes whose parent is the kernel. */
function children(pid: number): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number)
  } catch {
    return []
  }
}

test('a study runs over the wire; a second kernel finds everything done and starts no compute process', async () => {
  await using folder = await studyFolder()
  const study = await write(folder)
  const first = await start()
  expect(await first.client.request('run', all(study))).toMatchObject({ succeeded: ['load', 'sr', 'm'] })
  expect((await first.client.request('freshness', { study })).cells).toEqual({
    load: 'fresh',
    sr: 'fresh',
    m: 'fresh',
  })

  const vitals = await first.client.request('vitals', {})
  expect(vitals).toMatchObject({ provider: 'cpu', providers: [{ name: 'cpu', works: true }] })
  for (const bytes of Object.values(vitals.memory)) expect(bytes).toBeGreaterThan(20e6)

  const { results } = await first.client.request('results', { study })
  expect(results.map(({ name, shape }) => `${name}: ${shape}`)).toEqual([
    'photos: 2 images x 0 methods, 0 columns',
    'upscaled: 2 images x 1 methods, 0 columns',
    'measured: 2 images x 1 methods, 2 columns',
  ])

  const second = await start()
  expect(await second.client.request('run', all(study))).toMatchObject({ succeeded: ['load', 'sr', 'm'] })
  expect(second.events.filter(({ type }) => type === 'cached')).toHaveLength(3)
  expect(children(second.client.pid)).toEqual([])
  expect(await second.client.request('vitals', {})).toMatchObject({ providers: [], memory: { compute: 0 } })
})

test('native code is loaded in compute processes and never in the kernel', async () => {
  await using folder = await studyFolder()
  const study = await write(folder)
  const { client } = await start()
  await client.request('run', all(study))
  const maps = (pid: number) => readFile(`/proc/${pid}/maps`, 'utf8')
  expect(await maps(client.pid)).not.toMatch(/onnxruntime|libvips|sharp/)
  const loaded = await Promise.all(children(client.pid).map(maps))
  expect(loaded.join()).toMatch(/onnxruntime/)
  expect(loaded.join()).toMatch(/libvips|sharp/)
})

test('a compute process that is killed once costs no more than time', async () => {
  await using folder = await studyFolder({ count: 6, side: 96 })
  const study = await write(folder)
  let kill = true
  const { client } = await start(event => {
    if (!kill || event.type !== 'progress' || event.cell !== 'sr') return
    kill = false
    for (const pid of children(client.pid)) process.kill(pid, 'SIGKILL')
  })
  expect(await client.request('run', all(study))).toMatchObject({ succeeded: ['load', 'sr', 'm'] })
  expect(kill).toBe(false)
})

test('a compute process that dies whatever it is given fails its cell with what to do, and the next run works', async () => {
  await using folder = await studyFolder({ count: 6, side: 96 })
  const study = await write(folder)
  let kill = false
  // Every process of the pool, as soon as it is there.
  const killAll = () => {
    for (const pid of kill ? children(client.pid) : []) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended since.
      }
    }
  }
  const { client, events } = await start(event => {
    if (kill || event.type !== 'progress' || event.cell !== 'sr') return
    kill = true
    killAll()
  })
  const killer = setInterval(killAll, 30)
  expect(await client.request('run', all(study))).toMatchObject({
    succeeded: ['load'],
    failed: ['sr'],
    cancelled: ['m'],
  })
  expect(events.find(event => event.type === 'ended' && event.cell === 'sr')).toMatchObject({
    outcome: { error: { code: 'compute-died', remedy: expect.stringContaining('again') } },
  })
  clearInterval(killer)
  expect(await client.request('run', all(study))).toMatchObject({ succeeded: ['load', 'sr', 'm'] })
})

test('a kernel that is killed ends its requests at once, keeps what was saved, and the next kernel goes on', async () => {
  await using folder = await studyFolder({ count: 6, side: 96 })
  const study = await write(folder)
  const text = await readFile(study.path, 'utf8')
  const { client, exits } = await start(event => {
    if (event.type === 'progress' && event.cell === 'sr') process.kill(client.pid, 'SIGKILL')
  })
  await expect(client.request('run', all(study))).rejects.toMatchObject({ name: 'KernelGoneError' })
  expect(exits).toMatchObject([{ signal: 'SIGKILL', expected: false }])
  expect(await readFile(study.path, 'utf8')).toBe(text)

  const second = await start()
  expect((await second.client.request('outputs', { path: study.path })).cells.map(({ id }) => id)).toEqual([
    'load',
  ])
  expect(await second.client.request('run', all(study))).toMatchObject({ succeeded: ['load', 'sr', 'm'] })
  expect(second.events.filter(({ type }) => type === 'cached')).toMatchObject([{ cell: 'load' }])
})

test('an interrupt ends a running cell within a second', async () => {
  // More images than are done meanwhile, however late it is heard that the first is.
  await using folder = await studyFolder({ count: 40, side: 128 })
  const study = await write(folder)
  let interrupted = 0
  const { client } = await start(event => {
    if (interrupted || event.type !== 'progress' || event.cell !== 'sr') return
    interrupted = Date.now()
    void client.request('interrupt', { path: study.path })
  })
  expect(await client.request('run', all(study))).toMatchObject({
    succeeded: ['load'],
    cancelled: ['sr', 'm'],
  })
  // The grace is 0.9 s; a busy machine gets some more, which is less than what was left to do.
  expect(Date.now() - interrupted).toBeLessThan(6000)
})

test('a kernel ends with its client', async () => {
  const { client } = await start()
  const script = `
    import { launchKernel } from ${JSON.stringify(join(REPOSITORY, 'src/kernel/protocol/client.ts'))}
    const kernel = await launchKernel({ node: process.execPath, entry: ${JSON.stringify(join(REPOSITORY, 'dist/kernel.mjs'))}, cwd: '.', onEvent() {}, onExit() {}, onLog() {} })
    console.log(kernel.pid)
    process.kill(process.pid, 'SIGKILL')`
  let pid = 0
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch (error) {
    pid = Number((error as { stdout: string }).stdout)
  }
  expect(pid).toBeGreaterThan(1)
  for (let tries = 0; tries < 50 && alive(pid); tries++) await sleep(100)
  expect(alive(pid)).toBe(false)
  expect(alive(client.pid)).toBe(true)
})

test('a malformed request is refused with what to do', async () => {
  const { client } = await start()
  await expect(client.request('object', { path: 3 } as never)).rejects.toMatchObject({
    info: { code: 'request-malformed', remedy: expect.stringContaining('restart') },
  })
})

test('the language is described by the steps themselves', async () => {
  const { client } = await start()
  const { steps, models, metrics, providers } = await client.request('describe', {})
  expect(steps.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['triplets', 'infer', 'metrics', 'score', 'correlate', 'compare', 'export']),
  )
  expect(steps.find(({ name }) => name === 'compare')?.schema).toMatchObject({
    type: 'object',
    properties: { of: { mirage: { reads: 'table' } } },
  })
  expect(models).toContain('realesr-general-x4v3')
  expect(metrics.map(({ name }) => name)).toContain('psnr')
  expect(providers).toContain('cpu')
})

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('blind ratings travel to the file of the study and back', async () => {
  await using folder = await studyFolder()
  const text = [
    cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, sr: { copy: hr/*.png }, scale: 4, as: photos }'),
    cell('people', 'rate: { of: photos, to: people.csv, traps: 0 }'),
  ].join('\n')
  const study = await write(folder, text)
  const { client } = await start()
  expect(await client.request('run', all(study))).toMatchObject({ succeeded: ['load', 'people'] })
  const { cells } = await client.request('outputs', { path: study.path })
  const [{ items }] = cells.find(({ id }) => id === 'people')!.outputs
  const { session, pairs } = (items[0] as { json: RatePayload }).json
  const ask = { path: study.path, session, rater: 'ann' }
  expect(await client.request('rate', ask)).toEqual({ ratings: {} })
  const answer = { pair: pairs[0].key, rating: 4, seconds: 1.5 }
  const kept = { ratings: { [pairs[0].key]: 4 } }
  expect(await client.request('rate', { ...ask, answer })).toEqual(kept)
  expect(await client.request('rate', ask)).toEqual(kept)
  expect(await readFile(folder.file('people.csv'), 'utf8')).toMatch(/^p\d,copy,ann,4,1\.5,/m)
  await expect(client.request('rate', { ...ask, session: 'another' })).rejects.toThrow(/not known here/)
})

test('what a renderer draws is saved as a picture too, which an exported notebook shows', async () => {
  await using folder = await studyFolder()
  const text = cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }')
  const study = await write(folder, text)
  const { client, events } = await start()
  await client.request('run', all(study))
  const { cells } = await client.request('outputs', { path: study.path })
  const { items } = cells[0].outputs.find(({ id }) => id === 'triplets')!
  expect(items.map(({ mime }) => mime)).toEqual([MIME.compare, 'image/png', 'text/plain'])
  const saved = folder.file(`study.mirage.outputs/${(items[1] as { object: string }).object}.png`)
  const png = await readFile(saved)
  expect((await sharp(png).metadata()).width).toBe(10 + 176 + 6 + 176 + 10)

  await client.request('run', all(study))
  expect(events.filter(({ type }) => type === 'cached')).toHaveLength(1)
  expect(await client.request('outputs', { path: study.path })).toEqual({ cells })

  const to = folder.file('study.ipynb')
  expect(await mirage(['export', 'ipynb', study.path, '--to', to])).toMatchObject({ code: 0 })
  const notebook = JSON.parse(await readFile(to, 'utf8'))
  const [{ data }] = notebook.cells.find(({ id }: { id: string }) => id === 'load').outputs
  expect(Object.keys(data)).toEqual([MIME.compare, 'image/png', 'text/plain'])
  expect(data['image/png']).toBe(png.toString('base64'))
})
