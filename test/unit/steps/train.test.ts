import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GraphBuilder } from '../../../src/kernel/onnx/builder.ts'
import { writeGraph } from '../../../src/kernel/onnx/write.ts'
import {
  type ComparePayload,
  MIME,
  type TablePayload,
  type TrainingPayload,
} from '../../../src/kernel/protocol/mime.ts'
import { referencesOf } from '../../../src/kernel/session/references.ts'
import type { StepContext } from '../../../src/kernel/step.ts'
import { infer } from '../../../src/kernel/steps/infer.ts'
import { checkCrop, heldCropOf } from '../../../src/kernel/steps/train/images.ts'
import { trainingOutput } from '../../../src/kernel/steps/train/report.ts'
import { train } from '../../../src/kernel/steps/train.ts'
import type { ModelValue, StudyTable } from '../../../src/kernel/value.ts'
import { inProcessCompute, runStep, stepContext } from '../../support/step-context.ts'
import { compact } from '../autodiff/networks.ts'
import { toyTraining } from '../train/toy.ts'

let toy: Awaited<ReturnType<typeof toyTraining>>
let table: StudyTable

beforeAll(async () => {
  toy = await toyTraining()
  const images = [...toy.settings.images, ...toy.settings.held]
  table = {
    kind: 'table',
    scale: 2,
    columns: [],
    rows: images.map(({ id, gt, lr }) => ({ id, method: null, images: { gt, lr }, values: {} })),
  }
})
afterAll(() => rm(toy.folder, { recursive: true, force: true }))

/** The toy's store holds the images, so jobs work on it too. */
const context = (): StepContext => ({
  ...stepContext(toy.folder, { photos: table }),
  store: toy.store,
  compute: inProcessCompute(toy.store.root),
})
const cell = {
  model: { file: 'compact.onnx', range: '0..1', scale: 2 },
  on: 'photos',
  reward: { l1: 1 },
  watch: { ssim: 0 },
  adapter: { lora: { rank: 2 } },
  steps: 6,
  batch: 2,
  crop: 12,
  every: 3,
  held: ['image-4', 'image-5'],
  as: 'tuned',
}

describe('the train step', () => {
  test('gives curves, a table of before and after, and a model that infer takes', async () => {
    const run = await runStep(train, cell, context())
    const model = run.value as ModelValue
    expect(model.name).toBe('tuned')
    expect(model.manifest).toMatchObject({
      id: 'tuned',
      scale: 2,
      training: { steps: 6, held: ['image-4', 'image-5'] },
    })
    const [curves, change] = run.outputs.map(output => (output.items[0] as { json: unknown }).json)
    const payload = curves as TrainingPayload
    expect(payload.state).toBe('done')
    expect(payload.points.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(payload.points.at(-1)!.values).toHaveProperty('held-out ssim')
    expect(payload.series.map(({ group }) => group)).toContain('guard')
    expect(payload.samples.map(({ id, at }) => [id, at.map(({ step }) => step)])).toEqual([
      ['image-4', [3, 6]],
      ['image-5', [3, 6]],
    ])
    expect((change as TablePayload).rows.map(({ term, role }) => [term, role])).toEqual([
      ['l1', 'reward'],
      ['lr-consistency', 'watched'],
      ['ssim', 'watched'],
      ['sharpness', 'watched'],
    ])
    expect(run.outputs[0].items[0].mime).toBe(MIME.training)
    const compared = run.outputs[2].items[0] as { mime: string; json: ComparePayload }
    expect(compared.mime).toBe(MIME.compare)
    expect(compared.json.triplets.map(({ id, images }) => [id, images.map(({ label }) => label)])).toEqual(
      ['image-4', 'image-5'].map(id => [id, ['LR', 'GT', 'compact', 'tuned (6 updates)']]),
    )
    expect(run.progress.at(-1)).toMatchObject({ done: 6, total: 6 })

    const next: StepContext = {
      ...context(),
      input: name => ({ photos: table, tuned: model })[name] as never,
      hasInput: name => name === 'tuned',
    }
    const upscaled = await runStep(infer, { of: 'photos', model: 'tuned', provider: 'cpu' }, next)
    expect(
      (upscaled.value as StudyTable).rows.map(({ method, images }) => [method, images.sr?.width]),
    ).toEqual(Array.from({ length: 6 }, () => ['tuned', 40]))
  })

  test('names the term that does not exist and the nearest that does', () => {
    const parsed = train.params.safeParse({ ...cell, reward: { ssin: 1 } })
    expect(parsed.error?.issues[0]).toMatchObject({ path: ['reward', 'ssin'] })
    expect(parsed.error?.issues[0].message).toContain('did you mean "ssim"')
  })

  const failing = (changes: object) => runStep(train, { ...cell, ...changes }, context())

  test('follows a calibrated estimate of this study, of networks as well', async () => {
    const estimate = {
      kind: 'proxy' as const,
      name: 'estimate',
      model: {
        of: 'hs',
        columns: ['mobilenet', 'lr-consistency'],
        centres: [0.1, 30],
        spreads: [0.1, 5],
        weights: [-0.5, 0.2],
        intercept: 3,
        curve: { form: 'linear' },
        range: [1, 5],
        validation: { folds: 5 },
      },
    }
    const at = context()
    const next: StepContext = {
      ...at,
      input: name => ({ photos: table, estimate })[name] as never,
      hasInput: name => name === 'estimate',
    }
    const reward = { hs: { weight: 2, loss: 'proxy', proxy: 'estimate' } }
    const { outputs } = await runStep(train, { ...cell, crop: 16, reward, watch: {} }, next)
    const { points } = (outputs[0].items[0] as { json: unknown }).json as TrainingPayload
    expect(points.at(-1)!.values['held-out hs']).toBeGreaterThan(0)
    expect(referencesOf(train.params, { ...cell, reward }).mayRead).toContain('estimate')

    const stepped = { ...estimate, model: { ...estimate.model, curve: { form: 'isotonic', x: [0], y: [1] } } }
    const isotonic = {
      ...next,
      input: (name: string) => ({ photos: table, estimate: stepped })[name] as never,
    }
    await expect(runStep(train, { ...cell, reward }, isotonic)).rejects.toMatchObject({
      info: { code: 'term-invalid', message: expect.stringContaining('slope') },
    })
  })

  test.each([
    ['model-untrainable', { model: 'bicubic' }],
    ['term-invalid', { reward: { charbonnier: { epsilon: -1 } } }],
    ['term-invalid', { reward: { l1: 0 } }],
    ['id-unknown', { held: ['nobody'] }],
    ['image-too-small', { reward: { mobilenet: 1 } }],
    ['image-too-small', { crop: 21 }],
    ['training-diverged', { rate: 1e9, adapter: 'all', schedule: { shape: 'constant' }, clip: null }],
  ])('%s', async (code, changes) => {
    await expect(failing(changes)).rejects.toMatchObject({ info: { code } })
  })

  /** A network that enlarges by two, with one more operator on its way. */
  const withOperator = async (file: string, add: (builder: GraphBuilder, x: string) => string) => {
    const builder = GraphBuilder.from(compact(7).graph)
    const [output] = builder.graph.outputs.splice(0)
    builder.output(add(builder, output.name), 'float32', output.dims as number[])
    await writeFile(join(toy.folder, file), writeGraph(builder.graph))
    return { model: { file, layout: 'nchw', colour: 'rgb', range: '0..1', scale: 2 } }
  }

  test('an operator without a rule is named, with its node', async () => {
    const changes = await withOperator('odd.onnx', (builder, x) => {
      builder.graph.nodes.push({
        op: 'Hardmax',
        name: 'the-odd-one',
        inputs: [x],
        outputs: ['odd'],
        attributes: {},
      })
      return 'odd'
    })
    await expect(failing(changes)).rejects.toMatchObject({
      info: { code: 'operator-unsupported', message: expect.stringMatching(/Hardmax.*the-odd-one/) },
    })
  })

  test('a shape that depends on what the network computes is named, with its node', async () => {
    const changes = await withOperator('fluid.onnx', (builder, x) => {
      const size = builder.cast(builder.node('ReduceMax', [x], { keepdims: { int: 0 } }), 'int64')
      const shape = builder.node('Reshape', [size, builder.ints('one', [1])])
      return builder.node('Expand', [x, shape])
    })
    await expect(failing(changes)).rejects.toMatchObject({
      info: { code: 'shape-not-static', message: expect.stringContaining('Expand') },
    })
  })
})

test('a long training sends some thousand points of its curves, with every look at the held-out images', () => {
  const points = Array.from({ length: 9999 }, (_, i) => ({ step: i + 1, values: { loss: 1 / (i + 1) } }))
  const evaluations = [0, 4321].map(update => ({
    update,
    images: [{ id: 'a', values: { l1: 1, sharpness: 2 } }],
  }))
  const live = { points, evaluations, tracked: [], state: 'running' as const }
  const settings = { ...toy.settings, terms: [], steps: 20_000 }
  const [item] = trainingOutput('run', settings, live).items
  const { points: sent } = (item as { json: TrainingPayload }).json
  expect(sent.length).toBeLessThanOrEqual(2002)
  expect(sent.map(({ step }) => step)).toEqual(expect.arrayContaining([0, 4321, 9999]))
  expect(sent.find(({ step }) => step === 4321)?.values).toHaveProperty('held-out l1', 1)
})

test('a crop and the look at held-out images keep to the LR sides that the model takes', () => {
  const sides = { id: 'windows', scale: 4, multiple: 8, minimum: 16 }
  expect(() => checkCrop(32, sides)).not.toThrow()
  for (const [crop, near] of [
    [20, 24],
    [8, 16],
  ]) {
    expect(() => checkCrop(crop, sides)).toThrow(
      expect.objectContaining({
        info: expect.objectContaining({ code: 'crop-unfit', remedy: `Use crop: ${near}.` }),
      }),
    )
  }
  const gt = (width: number, height: number) => ({ hash: 'g', width, height, mime: 'image/png' })
  const held = [
    { id: 'a', gt: gt(4 * 300, 4 * 44) },
    { id: 'b', gt: gt(4 * 90, 4 * 90) },
  ]
  expect(heldCropOf(held, sides)).toBe(40)
  expect(heldCropOf(held.slice(1), sides)).toBe(64)
  expect(heldCropOf(held.slice(1), { ...sides, minimum: 75 })).toBe(80)
  expect(heldCropOf(held.slice(1), { ...sides, scale: 1, multiple: 6, minimum: 1 }, 8)).toBe(48)
  expect(() => heldCropOf(held, { ...sides, minimum: 48 })).toThrow('at least 48 px that are a multiple of 8')
})
