import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { StrategyName } from '../../../src/kernel/autodiff/sampling/strategies.ts'
import { type TrainResult, train } from '../../../src/kernel/compute/jobs/train.ts'
import type { StepContext } from '../../../src/kernel/step.ts'
import { infer } from '../../../src/kernel/steps/infer.ts'
import { train as trainStep } from '../../../src/kernel/steps/train.ts'
import { hashFile } from '../../../src/kernel/store/folder-store.ts'
import type { TrainSettings } from '../../../src/kernel/train/settings.ts'
import type { ModelValue, StudyTable } from '../../../src/kernel/value.ts'
import { saveToyPipeline } from '../../fixtures/toy-diffusion.ts'
import { inProcessCompute, runStep, stepContext } from '../../support/step-context.ts'
import { toyTraining } from './toy.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** A training of a small random latent diffusion model. */
async function toy(
  strategy: { name: StrategyName; settings?: object },
  changes: Partial<TrainSettings> = {},
) {
  const made = await toyTraining({ steps: 12, every: 6, crop: 6, heldCrop: 10, rate: 0.02, ...changes })
  const { folder, settings } = made
  folders.push(folder)
  const manifest = saveToyPipeline(folder, 'toy', {
    sampler: 'ddpm',
    steps: strategy.name === 'draft' ? 2 : 4,
    start: 'lr+noise',
    guidance: 1.5,
  })
  const file = async (part: string) => {
    const path = join(folder, `toy-${part}.onnx`)
    return { path, sha256: await hashFile(path) }
  }
  const denoiser = await file('denoiser')
  const sampled: TrainSettings = {
    ...settings,
    model: { ...denoiser, manifest: { ...settings.model.manifest, id: 'toy' } },
    sampling: {
      strategy: { name: strategy.name, settings: strategy.settings ?? {} },
      pipeline: {
        manifest,
        encoder: await file('encoder'),
        decoder: await file('decoder'),
        prompt: join(folder, 'toy-prompt.f32'),
        negativePrompt: join(folder, 'toy-negative.f32'),
      },
    },
  }
  const run = (signal = new AbortController().signal): Promise<TrainResult> =>
    train.run({ run: 'toy', settings: sampled }, { storeRoot: made.store.root, signal, report: () => {} })
  return { ...made, run }
}

describe('a training through sampling', () => {
  const strategies: { name: StrategyName; settings?: object }[] = [
    { name: 'draft' },
    { name: 'draft-k', settings: { k: 2 } },
    { name: 'draft-lv' },
    { name: 'alignprop' },
    { name: 'refl' },
  ]
  test.each(strategies)('by $name lowers its objective on held-out images', async strategy => {
    const { run } = await toy(strategy)
    const { end, evaluations, points } = await run()
    const l1 = evaluations.map(({ images }) => images[0].values.l1)
    expect(end).toEqual({ why: 'done' })
    expect(points).toHaveLength(12)
    expect(l1.at(-1)).toBeLessThan(0.9 * l1[0])
  })

  test('that is stopped ends with the weights of one that is not, whatever was drawn', async () => {
    const settings = { update: { optimiser: { name: 'adam' as const, settings: {} }, accumulate: 2 } }
    const whole = await (await toy({ name: 'alignprop' }, settings)).run()
    const { run } = await toy({ name: 'alignprop' }, settings)
    const signal = AbortSignal.abort()
    await run(signal).catch(() => {})
    let looks = 0
    const later = new AbortController().signal
    Object.defineProperty(later, 'aborted', { get: () => looks++ >= 4 })
    Object.defineProperty(later, 'throwIfAborted', {
      value: () => {
        throw new DOMException('Interrupted', 'AbortError')
      },
    })
    await expect(run(later)).rejects.toThrow('Interrupted')
    const rest = await run()
    expect(rest.resumed).toBeGreaterThan(0)
    expect(rest.adapter).toBe(whole.adapter)
    expect(rest.points).toEqual(whole.points)
  })

  test('is a cell whose result infer samples with', async () => {
    const { folder, store, settings } = await toy({ name: 'draft-k' })
    const table: StudyTable = {
      kind: 'table',
      scale: 2,
      columns: [],
      rows: settings.images.map(({ id, gt, lr }) => ({ id, method: null, images: { gt, lr }, values: {} })),
    }
    const context = (made?: ModelValue): StepContext => ({
      ...stepContext(folder, { photos: table, ...(made && { tuned: made }) }),
      store,
      compute: inProcessCompute(store.root),
    })
    const cell = {
      model: 'toy.json',
      on: 'photos',
      reward: { l1: 1, gram: { weight: 0.01, loss: 'gram', network: 'mobilenet' } },
      watch: {},
      guards: 'off',
      sampling: { 'draft-k': { k: 2 } },
      adapter: 'all',
      steps: 2,
      batch: 1,
      crop: 16,
      rate: 0.01,
      as: 'tuned',
    }
    const { value } = await runStep(trainStep, cell, context())
    const model = value as ModelValue
    expect(model.manifest).toMatchObject({
      scale: 2,
      training: { sampling: { name: 'draft-k', settings: { k: 2 } } },
    })
    const enlarge = async (name: string) => {
      const run = await runStep(infer, { of: 'photos', model: name, provider: 'cpu' }, context(model))
      return (run.value as StudyTable).rows.map(({ method, images }) => [
        method,
        images.sr?.width,
        images.sr?.hash,
      ])
    }
    const [tuned, before] = [await enlarge('tuned'), await enlarge('toy.json')]
    expect(tuned.map(([method, width]) => [method, width])).toEqual(tuned.map(() => ['tuned', 40]))
    expect(tuned.map(row => row[2])).not.toEqual(before.map(row => row[2]))
  })
})
