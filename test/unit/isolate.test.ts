import { expect, test } from 'vitest'
import { type FailedRow, isFailed, isolate } from '../../src/kernel/compute/isolate.ts'
import { MirageError } from '../../src/kernel/errors.ts'

interface Thing {
  n: number
}

const things = (count: number): Thing[] => Array.from({ length: count }, (_, n) => ({ n }))

/** Doubles numbers, and fails as a whole when it is given a bad one. */
function worker(isBad: (n: number) => boolean, codeOf: (n: number) => string = () => 'bad') {
  const calls: number[][] = []
  const run = async (rows: Thing[]): Promise<number[]> => {
    calls.push(rows.map(({ n }) => n))
    const bad = rows.find(({ n }) => isBad(n))
    if (bad) throw new MirageError({ code: codeOf(bad.n), message: `${bad.n} is bad.` })
    return rows.map(({ n }) => 2 * n)
  }
  return { run, calls }
}

const { signal } = new AbortController()

test('rows that fail alone are found, and every other row has its result, in order', async () => {
  const bad = [3, 17, 18]
  const { run, calls } = worker(n => bad.includes(n))
  const results = await isolate(things(100), signal, run)
  expect(results.map((result, n) => (isFailed(result) ? `${n} ${result.failed.message}` : result))).toEqual(
    Array.from({ length: 100 }, (_, n) => (bad.includes(n) ? `${n} ${n} is bad.` : 2 * n)),
  )
  for (const n of bad) expect(calls.filter(rows => rows.length === 1 && rows[0] === n)).toHaveLength(1)
  // No row is worked on again once it is done.
  const done = calls.filter(rows => !rows.some(n => bad.includes(n))).flat()
  expect(done).toHaveLength(97)
})

test('a failure of every row alike is thrown after a few looks; of few rows each is tried', async () => {
  const every = worker(() => true)
  await expect(isolate(things(1000), signal, every.run)).rejects.toThrow('0 is bad.')
  expect(every.calls.length).toBe(1 + 3)
  const few = worker(() => true)
  expect((await isolate(things(3), signal, few.run)).every(isFailed)).toBe(true)
})

test('what fails from some row on for all of them (a quota, a disk) is thrown, and what was done before is not done again', async () => {
  const { run, calls } = worker(n => n >= 500)
  await expect(isolate(things(1000), signal, run)).rejects.toThrow('is bad.')
  expect(calls.length).toBeLessThan(20)
})

test('rows that fail in different ways are told apart, however many they are', async () => {
  const { run } = worker(
    () => true,
    n => `bad-${n}`,
  )
  const results = await isolate(things(20), signal, run)
  expect(results.map(result => (result as FailedRow).failed.code)).toEqual(
    things(20).map(({ n }) => `bad-${n}`),
  )
})

test('what was aborted is not tried again', async () => {
  const stop = new AbortController()
  let calls = 0
  const run = async (): Promise<never> => {
    calls++
    stop.abort(new Error('stopped'))
    throw stop.signal.reason
  }
  await expect(isolate(things(10), stop.signal, run)).rejects.toThrow('stopped')
  expect(calls).toBe(1)
})

test('two equal rows are two rows, and the rows that were done are told', async () => {
  const seen: number[] = []
  const run = async (rows: Thing[], done: Thing[]): Promise<number[]> => {
    seen.push(done.length)
    if (rows.length > 1) throw new Error('one at a time')
    return [1]
  }
  expect(await isolate([{ n: 1 }, { n: 1 }], signal, run)).toEqual([1, 1])
  expect(seen).toEqual([0, 0, 1])
})
