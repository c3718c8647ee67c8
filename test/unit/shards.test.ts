import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import type { Compute } from '../../src/kernel/compute/compute.ts'
import { runRequest, type Study } from '../../src/kernel/protocol/messages.ts'
import { defines, reads } from '../../src/kernel/schema.ts'
import { createRunRecord } from '../../src/kernel/session/run-record.ts'
import { Session } from '../../src/kernel/session/session.ts'
import { cutAll, cutInputs, shardOf } from '../../src/kernel/session/shard.ts'
import { runShard } from '../../src/kernel/session/shard-run.ts'
import type { StepDefinition } from '../../src/kernel/step.ts'
import { createFolderStore } from '../../src/kernel/store/folder-store.ts'
import type { Row, StudyTable } from '../../src/kernel/value.ts'

const row = (id: string, method: string | null = null): Row => {
  const hash = createHash('sha256').update(id).digest('hex')
  const lr = { hash, width: 1, height: 1, mime: 'image/png', name: id }
  return { id, method, images: { lr } as Row['images'], values: {} }
}
const tableOf = (ids: string[]): StudyTable => ({ kind: 'table', columns: [], rows: ids.map(id => row(id)) })
const inputsOf = (value: StudyTable) => new Map([['t', { value, hash: 'whole' }]])
const names = (count: number) => Array.from({ length: count }, (_, n) => `image ${n}`)

// A step that works row by row and does without the rows that are bad.
let worked: string[][]
let shares: (number | undefined)[]
const load: StepDefinition = {
  name: 'load',
  version: 1,
  summary: '',
  granularity: 'table',
  params: z.strictObject({ ids: z.array(z.string()), as: defines() }),
  async *run(params) {
    return { value: tableOf((params as { ids: string[] }).ids), outputs: [] }
  },
}
const work: StepDefinition = {
  name: 'work',
  version: 1,
  summary: '',
  granularity: 'rows',
  params: z.strictObject({ of: reads('table', ''), bad: z.array(z.string()) }),
  async *run(params, context) {
    const { of, bad } = params as { of: string; bad: string[] }
    const ids = context.input(of, 'table').rows.map(({ id }) => id)
    worked.push(ids)
    shares.push(context.share)
    const error = { code: 'bad', message: 'It is bad.' }
    const failed = ids.filter(id => bad.includes(id)).map(id => ({ id, method: null, error }))
    return { outputs: [], failed }
  },
}

/** A step that is three jobs. */
const several: StepDefinition = {
  name: 'several',
  version: 1,
  summary: '',
  granularity: 'runs',
  runs: () => 3,
  params: z.strictObject({ of: reads('table', '') }),
  async *run(params, context) {
    worked.push([`${context.part} of ${context.input((params as { of: string }).of, 'table').rows.length}`])
    return { outputs: [] }
  },
}

let folder: string
let path: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-shards-'))
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => {
  worked = []
  shares = []
  path = join(folder, `study${count++}.mirage.md`)
})

function open() {
  const store = createFolderStore(`${path}.cache`)
  return new Session({
    path,
    store,
    compute: {} as Compute,
    language: { steps: { load, work, several }, prompt: load, script: load },
    record: createRunRecord(path, store),
    env: {},
    emit: () => {},
    log: () => {},
    redact: text => text,
  })
}

const studyOf = (ids: string[], rest: string): Study => ({
  path,
  seed: 0,
  meta: {},
  cells: [`load: { ids: ${JSON.stringify(ids)}, as: t }`, `work: { of: t, ${rest} }`].map((text, n) => ({
    id: ['load', 'work'][n],
    kind: 'step',
    attributes: {},
    text,
  })),
})

async function shardOfStudy(study: Study, shard: { index: number; count: number }) {
  const session = open()
  await session.run(runRequest.parse({ study, cells: ['load'] }))
  const request = runRequest.parse({ study, cells: ['work'], options: { record: false, shard } })
  return { ...(await runShard(session, request, shard)), failed: session.failedRows('work') }
}

test('parts hold every row once, all methods of an image together, and are the same one by one and in one pass', () => {
  const rows = names(200).flatMap(id => [row(id, 'a'), row(id, 'b')])
  const whole = inputsOf({ kind: 'table', columns: [], rows })
  const parts = cutAll(whole, 7)
  const ids = parts.flatMap(part => (part.get('t')!.value as StudyTable).rows.map(each => each.id))
  expect(ids.toSorted()).toEqual(rows.map(({ id }) => id).toSorted())
  for (const [index, part] of parts.entries()) {
    expect(part).toEqual(cutInputs(whole, { index, count: 7 }))
    expect((part.get('t')!.value as StudyTable).rows.every(each => shardOf(each, 7) === index)).toBe(true)
  }
})

test('an added image leaves all shards but its own as they are', async () => {
  const before = studyOf(names(40), 'bad: []')
  const session = open()
  await session.run(runRequest.parse({ study: before, cells: ['load'] }))
  expect(await session.missingShards(before, 'work', 8)).toHaveLength(8)
  for (let index = 0; index < 8; index++) await shardOfStudy(before, { index, count: 8 })
  expect(await session.missingShards(before, 'work', 8)).toEqual([])

  const after = studyOf([...names(40), 'a new one'], 'bad: []')
  await session.run(runRequest.parse({ study: after, cells: ['load'] }))
  expect(await session.missingShards(after, 'work', 8)).toEqual([shardOf(row('a new one'), 8)])
})

test('shards without rows are neither missing nor run', async () => {
  const study = studyOf(['one'], 'bad: []')
  const own = shardOf(row('one'), 16)
  const empty = (own + 1) % 16
  expect(await shardOfStudy(study, { index: empty, count: 16 })).toMatchObject({
    reply: { succeeded: ['work'], failed: [] },
    rows: [],
  })
  expect(worked).toEqual([])
  expect(await open().missingShards(study, 'work', 16)).toEqual([own])
})

test('a shard with a failed row has a result that is handed on, stays missing, and gives the whole its other rows', async () => {
  const study = studyOf(names(12), `bad: ['image 3']`)
  const { reply, failed } = await shardOfStudy(study, { index: 0, count: 1 })
  expect(reply.succeeded).toEqual(['work'])
  expect(failed.map(({ id, error }) => `${id}: ${error.message}`)).toEqual(['image 3: It is bad.'])
  expect(await open().missingShards(study, 'work', 1)).toEqual([0])
  // Whoever comes next takes it when it is told to, and not by itself.
  expect((await open().finished(study)).has('work')).toBe(false)
  await open().run(runRequest.parse({ study, cells: ['work'], options: { parts: 1, record: false } }))
  expect((await open().finished(study)).has('work')).toBe(false)
  expect((await open().finished(study, new Set(['work']))).has('work')).toBe(true)

  worked = []
  const settled = open()
  await settled.run(runRequest.parse({ study, cells: ['work'], options: { settled: true, record: false } }))
  expect(worked).toEqual([])
  expect(settled.failedRows('work')).toHaveLength(1)
  await open().run(runRequest.parse({ study, cells: ['work'], options: { record: false } }))
  expect(worked).toHaveLength(1)
})

test('the shares of all shards make up the whole', async () => {
  const study = studyOf(names(30), 'bad: []')
  for (let index = 0; index < 5; index++) await shardOfStudy(study, { index, count: 5 })
  expect(shares.reduce<number>((sum, share) => sum + share!, 0)).toBeCloseTo(1, 12)
  for (const [n, share] of shares.entries()) expect(share).toBeCloseTo(worked[n].length / 30, 12)
})

test('a step of several jobs is cut by its jobs, each over the whole table', async () => {
  const study = studyOf(names(5), 'bad: []')
  study.cells[1].text = 'several: { of: t }'
  const session = open()
  await session.run(runRequest.parse({ study, cells: ['load'] }))
  expect(await session.missingShards(study, 'work', 99)).toEqual([0, 1, 2])
  await shardOfStudy(study, { index: 1, count: 3 })
  expect(worked).toEqual([['1 of 5']])
  expect(await open().missingShards(study, 'work', 99)).toEqual([0, 2])
})
