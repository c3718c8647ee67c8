import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import {
  type TrainParams,
  type TrainProgress,
  type TrainResult,
  train,
} from '../../../src/kernel/compute/jobs/train.ts'
import { MirageError } from '../../../src/kernel/errors.ts'
import { readGraph } from '../../../src/kernel/onnx/read.ts'
import { createRng } from '../../../src/kernel/stats/resampling/rng.ts'
import { writeCheckpoint } from '../../../src/kernel/train/checkpoint.ts'
import { wish } from '../../../src/kernel/train/control.ts'
import { decodeSafetensors } from '../../../src/kernel/train/safetensors.ts'
import { array } from '../autodiff/numbers.ts'
import { toyTraining } from './toy.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function toy(...changes: Parameters<typeof toyTraining>) {
  const made = await toyTraining(...changes)
  folders.push(made.folder)
  const params: TrainParams = { run: 'toy', settings: made.settings }
  const storeRoot = made.store.root
  const run = (options: { signal?: AbortSignal; report?(progress: TrainProgress): void } = {}) =>
    train.run(params, {
      storeRoot,
      signal: options.signal ?? new AbortController().signal,
      report: options.report ?? (() => {}),
    })
  return { ...made, storeRoot, run }
}

const codeOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof MirageError ? error.info.code : error
}

/** A signal that is found aborted when a training looks at it for the n-th time, which it does once per update. */
function abortsAt(n: number): AbortSignal {
  const controller = new AbortController()
  let looks = 0
  Object.defineProperty(controller.signal, 'aborted', { get: () => looks++ >= n })
  Object.defineProperty(controller.signal, 'throwIfAborted', {
    value: () => {
      if (controller.signal.aborted) throw new DOMException('Interrupted', 'AbortError')
    },
  })
  return controller.signal
}

describe('a training', () => {
  test('lowers its objective on held-out images, and its merged model computes what the last evaluation saw', async () => {
    const { run, store, settings } = await toy({ steps: 60, every: 20 })
    const result = await run()
    const first = result.evaluations[0].images[0].values.l1
    const last = result.evaluations.at(-1)!.images[0].values.l1
    expect(result.end).toEqual({ why: 'done' })
    expect(last).toBeLessThan(0.7 * first)
    expect(result.points.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
    expect(Object.keys(result.points[0].values).sort()).toEqual(['l1', 'loss', 'norm', 'rate'])

    const merged = readGraph(await store.getObject(result.onnx))
    const adapter = decodeSafetensors(await store.getObject(result.adapter))
    for (const [name, { data }] of adapter.tensors) {
      expect(merged.initializers.get(name)!.data).toEqual(data)
    }
    const { dims } = merged.inputs[0]
    expect(dims).toEqual(['n', 3, 'h', 'w'])
    const out = evaluate(merged, {
      image: array(
        [1, 3, 4, 4],
        Array.from({ length: 48 }, () => 0.5),
      ),
    })
    expect(out[merged.outputs[0].name].dims).toEqual([1, 3, 8, 8])
    expect(settings.held).toHaveLength(2)
  })

  test('that is stopped at random moments ends with exactly the weights of one that is not', async () => {
    const undisturbed = await (await toy()).run()
    const { run } = await toy()
    const random = createRng(11)
    let result: TrainResult | undefined
    let stops = 0
    while (!result) {
      const signal = abortsAt(stops < 8 ? random.below(6) : 1000)
      result = await run({ signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error
        stops++
        return undefined
      })
    }
    expect(stops).toBe(8)
    expect(result.resumed).toBeGreaterThan(0)
    expect(result.adapter).toBe(undisturbed.adapter)
    expect(result.points).toEqual(undisturbed.points)
    expect(result.evaluations).toEqual(undisturbed.evaluations)
  })

  test('pauses and stops at the wish of the user', async () => {
    const { run, store } = await toy({ steps: 1_000_000, every: 1_000_000 })
    const states: string[] = []
    const result = await run({
      report: ({ state }) => {
        states.push(state)
        if (state === 'running' && !states.includes('paused')) void wish(store, 'toy', 'pause')
        if (state === 'paused') setTimeout(() => void wish(store, 'toy', 'stop'), 300)
      },
    })
    expect(states).toContain('paused')
    expect(result.end).toEqual({ why: 'stopped' })
    expect(result.from).toBe(result.points.length)
  })

  test('whose checkpoint is damaged begins again, says so, and keeps the file', async () => {
    const { run, storeRoot } = await toy({ steps: 4, every: 2 })
    await run()
    const path = join(storeRoot, 'training', 'toy.safetensors')
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length / 2))
    const again = await run()
    expect(again).toMatchObject({ resumed: 0, damaged: `${path}.damaged` })
    expect((await readFile(`${path}.damaged`)).length).toBe(Math.floor(bytes.length / 2))
    expect((await run()).damaged).toBeUndefined()
  })

  test('clears away what was left by a process that was killed while it wrote, and not what another may be writing', async () => {
    const { run, storeRoot } = await toy({ steps: 2, every: 2 })
    const folder = join(storeRoot, 'training')
    await mkdir(folder, { recursive: true })
    const names = ['toy.safetensors.1.tmp', 'toy.safetensors.2.tmp', 'toys.safetensors.1.tmp']
    for (const name of names) await writeFile(join(folder, name), 'half')
    const yesterday = new Date(Date.now() - 86_400_000)
    for (const name of [names[0], names[2]]) await utimes(join(folder, name), yesterday, yesterday)
    await run()
    expect(names.filter(name => existsSync(join(folder, name)))).toEqual(names.slice(1))
  })

  test('whose batch is run in parts tells the mean objective of its parts', async () => {
    const still = { rate: 0, every: 10 }
    const apart = await (await toy({ ...still, steps: 2 })).run()
    const update = { optimiser: { name: 'adam', settings: {} }, clip: 1, accumulate: 2 } as const
    const together = await (await toy({ ...still, steps: 1, update })).run()
    const [a, b] = apart.points.map(({ values }) => values.loss)
    expect(a).not.toBeCloseTo(b, 4)
    expect(together.points[0].values.loss).toBeCloseTo((a + b) / 2, 6)
  })

  test('that breaks a guard ends with the weights that last passed', async () => {
    const { run } = await toy({ guards: { sharpness: 0.02, 'lr-consistency': 5 }, every: 2 })
    const result = await run()
    expect(result.end).toMatchObject({ why: 'guard', breach: { name: 'sharpness', limit: 0.02 } })
    expect(result.from).toBeLessThan(result.points.length)
  })

  test('that diverges says where, and keeps the weights that were last good', async () => {
    const { run, store, settings } = await toy({
      rate: 1e6,
      schedule: { shape: 'constant', warmup: 0, end: 0 },
    })
    const result = await run()
    expect(result.end).toMatchObject({ why: 'diverged' })
    expect(result.from).toBe(0)
    const original = readGraph(await readFile(settings.model.path))
    const kept = readGraph(await store.getObject(result.onnx))
    for (const [name, { data }] of original.initializers)
      expect(kept.initializers.get(name)!.data).toEqual(data)
  })

  test('reloads its graphs instead of building them, and builds a damaged one again', async () => {
    const { run, storeRoot } = await toy({ steps: 3 })
    const first = await run()
    const folder = join(storeRoot, 'training')
    const graphs = (await readdir(folder)).filter(name => name.endsWith('.onnx'))
    expect(graphs).toHaveLength(2)
    await rm(join(folder, 'toy.safetensors'))
    for (const name of graphs) await writeFile(join(folder, name), 'not a graph')
    const second = await run()
    expect(second.adapter).toBe(first.adapter)
    await rm(join(folder, 'toy.safetensors'))
    const third = await run()
    expect(third.adapter).toBe(first.adapter)
    expect((await readdir(folder)).filter(name => name.endsWith('.onnx')).sort()).toEqual(graphs.sort())
  })

  test('with gathered steps, a running mean and recomputed activations runs and resumes alike', async () => {
    const changes = {
      steps: 6,
      every: 3,
      segments: 3,
      update: { optimiser: { name: 'adamw' as const, settings: {} }, accumulate: 2, ema: 0.8 },
    }
    const whole = await (await toy(changes)).run()
    const { run } = await toy(changes)
    const controller = new AbortController()
    await run({
      signal: controller.signal,
      report: ({ update }) => {
        if (update >= 1) controller.abort()
      },
    }).catch(() => {})
    const rest = await run()
    expect(rest.resumed).toBeGreaterThan(0)
    expect(rest.adapter).toBe(whole.adapter)
  })

  test('makes LR for images without one, the same again for the same seed', async () => {
    const made = await toyTraining()
    folders.push(made.folder)
    const without = made.settings.images.map(({ id, gt }) => ({ id, gt }))
    const degradation = { kind: 'second-order' as const, ...(await defaults()) }
    const settings = { ...made.settings, images: without, held: without.slice(0, 1), degradation, steps: 4 }
    const go = (run: string) =>
      train.run(
        { run, settings },
        { storeRoot: made.store.root, signal: new AbortController().signal, report: () => {} },
      )
    const [a, b] = [await go('a'), await go('b')]
    expect(a.points.every(({ values }) => Number.isFinite(values.loss))).toBe(true)
    expect(a.adapter).toBe(b.adapter)
  })
})

async function defaults() {
  const { degradationSettings } = await import('../../../src/kernel/train/degradation.ts')
  const parsed = degradationSettings.parse({ kind: 'second-order' })
  if (parsed.kind !== 'second-order') throw new Error('not the kind that was asked for')
  return { first: parsed.first, second: parsed.second }
}

describe('bad input is an error that says what to do', () => {
  test('a crop larger than an image', async () => {
    expect(await codeOf((await toy({ crop: 64 })).run())).toBe('image-too-small')
  })

  test('LR and GT that do not fit the scale', async () => {
    const { settings, run } = await toy()
    settings.images[1] = { ...settings.images[1], gt: settings.images[1].lr! }
    expect(await codeOf(run())).toBe('size-mismatch')
  })

  test('a network of luma alone', async () => {
    const { settings, run } = await toy()
    settings.model = { ...settings.model, manifest: { ...settings.model.manifest, colour: 'y' } }
    expect(await codeOf(run())).toBe('model-untrainable')
  })

  test('a checkpoint that cannot be written: the one before stays', async () => {
    const { run, storeRoot } = await toy({ steps: 4, every: 2 })
    const path = join(storeRoot, 'training', 'toy.safetensors')
    await writeCheckpoint(path, { vectors: {}, progress: 'before' })
    const kept = await readFile(path)
    // A folder in the way of the new file stands for a disk that takes nothing more.
    await mkdir(`${path}.${process.pid}.tmp`)
    expect(await codeOf(writeCheckpoint(path, { vectors: {}, progress: 'after' }))).toBe('checkpoint-failed')
    expect(await readFile(path)).toEqual(kept)
    await rm(path)
    expect(await codeOf(run())).toBe('checkpoint-failed')
  })
})
