import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mapConcurrently } from '../../../src/kernel/concurrent.ts'
import type { StepEvent } from '../../../src/kernel/step.ts'
import { inChunks } from '../../../src/kernel/steps/chunks.ts'

const later = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

async function driveToEnd<R>(steps: AsyncGenerator<StepEvent, R[]>) {
  const told: number[] = []
  for (;;) {
    const { done, value } = await steps.next()
    if (done) return { results: value, told }
    if (value.type === 'progress') told.push(value.done)
  }
}

test('chunks give results in order, and progress that grows and ends at the total', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 7 }), async (count, size) => {
      const items = Array.from({ length: count }, (_, i) => i)
      const { results, told } = await driveToEnd(
        inChunks({
          items,
          size,
          label: 'x',
          unit: 'items',
          signal: new AbortController().signal,
          run: async (chunk, _signal, onDone) => {
            await later(chunk[0] % 3)
            onDone(chunk.length)
            return chunk.map(item => item * 2)
          },
        }),
      )
      expect(results).toEqual(items.map(item => item * 2))
      expect(told).toEqual([...told].sort((a, b) => a - b))
      expect(told.at(-1)).toBe(count)
    }),
    { numRuns: 25 },
  )
})

test('the first chunk that fails stops the others and is the error', async () => {
  const stopped: boolean[] = []
  const steps = inChunks({
    items: [1, 2, 3],
    size: 1,
    label: 'x',
    unit: 'items',
    signal: new AbortController().signal,
    run: ([item], signal) =>
      item === 2
        ? Promise.reject(new Error('broken'))
        : new Promise<number[]>((_, reject) => {
            signal.addEventListener('abort', () => {
              stopped.push(true)
              reject(signal.reason)
            })
          }),
  })
  await expect(driveToEnd(steps)).rejects.toThrow('broken')
  expect(stopped).toEqual([true, true])
})

test('concurrent mapping keeps order, its limit and the first error', async () => {
  let running = 0
  let most = 0
  const doubled = await mapConcurrently([5, 1, 3, 2, 4], 2, async item => {
    most = Math.max(most, ++running)
    await later(item)
    running--
    return item * 2
  })
  expect(doubled).toEqual([10, 2, 6, 4, 8])
  expect(most).toBe(2)
  const started: number[] = []
  const failing = mapConcurrently([1, 2, 3, 4], 1, async item => {
    started.push(item)
    if (item === 2) throw new Error('broken')
  })
  await expect(failing).rejects.toThrow('broken')
  expect(started).toEqual([1, 2])
})
