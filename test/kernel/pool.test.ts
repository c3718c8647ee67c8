import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { ComputePool } from '../../src/kernel/compute/pool.ts'

const entry = fileURLToPath(new URL('../fixtures/toy-compute.ts', import.meta.url))
const pools: ComputePool[] = []

function toyPool(graceMilliseconds = 300): {
  pool: ComputePool
  run(job: string, params: unknown, options?: Partial<Options>): Promise<unknown>
} {
  const pool = new ComputePool({ entry, graceMilliseconds })
  pools.push(pool)
  const compute = pool.over('/nowhere') as unknown as {
    run(job: string, params: unknown, options: Options): Promise<unknown>
  }
  return {
    pool,
    run: (job, params, options) =>
      compute.run(job, params, { signal: new AbortController().signal, ...options }),
  }
}
interface Options {
  signal: AbortSignal
  lane?: 'device' | 'cpu' | 'alone'
  onProgress?(done: number): void
}

afterEach(() => {
  for (const pool of pools.splice(0)) pool.close()
})

test('a job gives its result, and its process stays warm for the next', async () => {
  const { run } = toyPool()
  expect(await run('double', 21)).toBe(42)
  expect(await run('pid', null)).toBe(await run('pid', null))
})

test('a process that was started ahead of the work takes the first job, and is not started twice', async () => {
  const { pool, run } = toyPool()
  pool.warm('cpu')
  pool.warm('cpu')
  const started = pool.pids
  expect(started).toHaveLength(1)
  expect(await run('pid', null, { lane: 'cpu' })).toBe(started[0])
  expect(pool.pids).toEqual(started)
})

test('progress arrives in order', async () => {
  const { run } = toyPool()
  const seen: number[] = []
  await run('count', 5, { onProgress: done => seen.push(done) })
  expect(seen).toEqual([1, 2, 3, 4, 5])
})

test('a process that dies fails its job with what to do, and the next job has a new process', async () => {
  const { run } = toyPool()
  const before = await run('pid', null)
  await expect(run('crash', null)).rejects.toMatchObject({
    info: { code: 'compute-died', remedy: expect.stringContaining('again') },
  })
  expect(await run('pid', null)).not.toBe(before)
})

test('an abort ends a job that listens without losing its process', async () => {
  const { run } = toyPool(30_000)
  const before = await run('pid', null)
  const controller = new AbortController()
  const counting = run('count', 10_000, {
    signal: controller.signal,
    onProgress: done => done === 3 && controller.abort(),
  })
  await expect(counting).rejects.toMatchObject({ name: 'AbortError' })
  expect(await run('pid', null)).toBe(before)
})

test('an abort kills a job that blocks, within the grace', async () => {
  const { run } = toyPool()
  const before = await run('pid', null)
  const controller = new AbortController()
  const blocked = run('block', 20_000, { signal: controller.signal })
  setTimeout(() => controller.abort(), 50)
  const started = Date.now()
  await expect(blocked).rejects.toMatchObject({ name: 'AbortError' })
  expect(Date.now() - started).toBeLessThan(5_000)
  expect(await run('pid', null)).not.toBe(before)
})

test('the device lane runs one job at a time, the cpu lane runs beside it', async () => {
  const { run } = toyPool()
  const order: string[] = []
  const device = [1, 2].map(n => run('count', 20).then(() => order.push(`device ${n}`)))
  const cpu = run('double', 1, { lane: 'cpu' }).then(() => order.push('cpu'))
  await Promise.all([...device, cpu])
  expect(order.filter(name => name !== 'cpu')).toEqual(['device 1', 'device 2'])
})

test('a job of its own lane has a process of its own, which ends with it', async () => {
  const { pool, run } = toyPool()
  const warm = await run('pid', null)
  const first = await run('pid', null, { lane: 'alone' })
  const second = await run('pid', null, { lane: 'alone' })
  expect(new Set([warm, first, second]).size).toBe(3)
  expect(pool.pids).toEqual([warm])
})
