import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Compute, RunOptions } from '../../../src/kernel/compute/compute.ts'
import type { JobName, JobParams, JobResult } from '../../../src/kernel/compute/jobs/types.ts'
import { MIME, type TablePayload, type TrainingPayload } from '../../../src/kernel/protocol/mime.ts'
import type { StepContext } from '../../../src/kernel/step.ts'
import { runsOf } from '../../../src/kernel/steps/sweep/runs.ts'
import { sweep } from '../../../src/kernel/steps/sweep.ts'
import type { ModelValue, StudyTable } from '../../../src/kernel/value.ts'
import { inProcessCompute, runStep, stepContext } from '../../support/step-context.ts'
import { toyTraining } from '../train/toy.ts'

let toy: Awaited<ReturnType<typeof toyTraining>>
let table: StudyTable
/** Updates that the trainings were resumed from, in the order in which they were asked for. */
let resumed: number[]
beforeAll(async () => {
  toy = await toyTraining()
  const images = [...toy.settings.images, ...toy.settings.held]
  const rows = images.map(({ id, gt, lr }) => ({ id, method: null, images: { gt, lr }, values: {} }))
  table = { kind: 'table', scale: 2, columns: [], rows }
})
afterAll(() => rm(toy.folder, { recursive: true, force: true }))

function context(part?: number): StepContext {
  resumed = []
  const own = inProcessCompute(toy.store.root)
  const compute: Compute = {
    async run<K extends JobName>(
      job: K,
      params: JobParams<K>,
      options: RunOptions<K>,
    ): Promise<JobResult<K>> {
      const result = await own.run(job, params, options)
      if (job === 'train') resumed.push((result as { resumed: number }).resumed)
      return result
    },
  }
  return { ...stepContext(toy.folder, { photos: table }), store: toy.store, compute, part }
}

const train = {
  model: { file: 'compact.onnx', range: '0..1', scale: 2 },
  on: 'photos',
  reward: { l1: 1 },
  watch: { ssim: 0 },
  adapter: { lora: { rank: 2 } },
  guards: 'off',
  steps: 4,
  batch: 2,
  crop: 12,
  every: 2,
  held: ['image-4', 'image-5'],
}
const cell = { train, over: { rate: [1e-3, 1e-5], rank: [1, 2] }, as: 'tuned' }

test('every combination is a run, and a run that is no training is named', () => {
  const runs = runsOf(train, { ...cell.over, reward: [{ l1: 1 }, { l1: 0.5, ssim: 1 }] })
  expect(runs.map(({ varied }) => Object.values(varied).join(' '))).toEqual([
    '0.001 1 l1:1',
    '0.001 1 l1:0.5, ssim:1',
    '0.001 2 l1:1',
    '0.001 2 l1:0.5, ssim:1',
    '0.00001 1 l1:1',
    '0.00001 1 l1:0.5, ssim:1',
    '0.00001 2 l1:1',
    '0.00001 2 l1:0.5, ssim:1',
  ])
  expect(runs[2].params).toMatchObject({ rate: 1e-3, adapter: { lora: { rank: 2 } }, reward: { l1: 1 } })
  expect(() => runsOf(train, { rate: [1e-3, -1] })).toThrow(/Run 2 \(rate -1\)/)
})

test('the runs are compared in one table with a curve each, and the best model by the held-out term is the result', async () => {
  const { value, outputs, lock, progress } = await runStep(sweep, cell, context())
  const [comparison, ...curves] = outputs
  const { rows, keys, notes } = (comparison.items[0] as { json: TablePayload }).json
  expect(comparison.items[0].mime).toBe(MIME.table)
  expect(keys).toEqual(['run', 'rate', 'rank'])
  expect(rows.map(({ rate, rank }) => `${rate} ${rank}`)).toEqual([
    '0.001 1',
    '0.001 2',
    '0.00001 1',
    '0.00001 2',
  ])
  const best = rows.reduce((a, b) => ((b.l1 as number) < (a.l1 as number) ? b : a))
  expect(lock).toMatchObject({ best: { rate: best.rate, rank: best.rank } })
  expect(notes?.join()).toContain(`run ${best.run} `)
  const model = value as ModelValue
  expect(model).toMatchObject({ name: 'tuned', manifest: { id: 'tuned' } })
  expect((lock as { runs: { onnx: string }[] }).runs[Number(best.run) - 1].onnx).toBe(model.onnx)
  expect(curves.map(({ id, items }) => [id, items[0].mime])).toEqual(
    [1, 2, 3, 4].map(number => [`training-${number}`, MIME.training]),
  )
  expect((curves[1].items[0] as { json: TrainingPayload }).json.message).toBe('Run 2: rate 0.001, rank 2')
  expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).toSorted((a, b) => a - b))

  // What single runs have left behind (on a cluster, each is a task) is put together without any further update.
  const whole = await runStep(sweep, cell, context())
  expect(resumed).toEqual([4, 4, 4, 4])
  expect(whole.value).toEqual(value)
})

test('one run of several can be done alone', async () => {
  const { value } = await runStep(sweep, { ...cell, as: undefined }, context(2))
  expect(resumed).toHaveLength(1)
  expect((value as ModelValue).manifest).toMatchObject({
    training: { rate: 1e-5, adapter: { settings: { rank: 1 } } },
  })
  await runStep(sweep, { ...cell, as: undefined }, context(0))
  expect(resumed).toHaveLength(1)
})
