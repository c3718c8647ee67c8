import type { AdapterName } from '../autodiff/adapters/index.ts'
import type { OptimiserName } from '../autodiff/optimisers/index.ts'
import type { TrainProgress, TrainResult } from '../compute/jobs/train.ts'
import { MirageError } from '../errors.ts'
import { networkChecksums } from '../metrics/features/resolve.ts'
import { chooseProvider } from '../models/probe.ts'
import { locateModel, modelFingerprint, type ResolveContext, resolveModel } from '../models/resolve.ts'
import type { Fingerprint, StepContext, StepDefinition, StepEvent } from '../step.ts'
import { hashOf } from '../store/canonical.ts'
import type { Breach } from '../train/evaluation.ts'
import type { TrainSettings } from '../train/settings.ts'
import type { ModelValue } from '../value.ts'
import { follow } from './infer/follow.ts'
import { checkCrop, heldCropOf, imagesOf } from './train/images.ts'
import { traineeOf } from './train/model.ts'
import { objectiveOf, resolveNetworks } from './train/objective.ts'
import { chosen, type Params, params } from './train/params.ts'
import { changeOutput, comparisonOutput, type Live, trainingOutput } from './train/report.ts'

/** Tunes a model by a differentiable reward. */
export const train: StepDefinition<typeof params> = {
  name: 'train',
  version: 2,
  summary: 'Tunes a super-resolution model by a differentiable reward; the result is a model for infer.',
  params,
  granularity: 'job',

  async fingerprint(values, context): Promise<Fingerprint> {
    const model = await locateModel(values.model, resolving(context))
    const networks: Record<string, string> = {}
    for (const request of Object.values(objectiveOf(values, estimatesIn(context)).networks)) {
      Object.assign(networks, await networkChecksums(request, context.folder, context.store))
    }
    return { ...modelFingerprint([model]), networks }
  },

  async *run(values, context) {
    const settings = await settingsOf(values, context)
    const run = keyOf(settings)
    const live: Live = { points: [], evaluations: [], tracked: [], state: 'running' }
    const result = yield* follow(
      onProgress =>
        context.compute.run(
          'train',
          { run, settings },
          { signal: context.signal, lane: 'device', onProgress },
        ),
      (progress: TrainProgress) => tell(run, settings, live, progress),
    )
    if (result.end.why === 'diverged' && result.from === 0) throw divergedError(result.end.step, settings)
    const text = endingOf(result)
    if (text) yield { type: 'note', text }
    if (result.resumed > 0)
      yield { type: 'note', text: `Went on from the checkpoint of update ${result.resumed}.` }
    if (result.damaged !== undefined)
      yield {
        type: 'note',
        text: `The checkpoint could not be read and is now ${result.damaged}; the training began again.`,
      }
    const { points, evaluations, tracked } = result
    const state = result.end.why === 'done' ? 'done' : result.end.why === 'diverged' ? 'failed' : 'stopped'
    const name = values.as ?? settings.model.manifest.id
    const value = modelOf(name, settings, result)
    return {
      value,
      outputs: [
        trainingOutput(run, settings, { points, evaluations, tracked, state, message: text }),
        changeOutput(settings, result),
        comparisonOutput(settings, result, name),
      ],
      lock: {
        onnx: result.onnx,
        adapter: result.adapter,
        model: settings.model.sha256,
        networks: Object.fromEntries(
          Object.entries(settings.networks).map(([key, { sha256 }]) => [key, sha256]),
        ),
        provider: settings.provider,
        updates: result.from,
      },
      // A training that the user ended early is not the result of the cell.
      cacheable: result.end.why !== 'stopped',
    }
  },
}

/** Names a training by what it computes: a checkpoint goes on wherever its files lie. */
function keyOf({ model, sampling, networks, ...rest }: TrainSettings): string {
  const { path: _, ...network } = model
  const through = sampling && { strategy: sampling.strategy, manifest: sampling.pipeline.manifest }
  const weights = Object.entries(networks).map(([name, { onnx: _, ...network }]) => [name, network])
  return hashOf({
    version: train.version,
    model: network,
    networks: weights,
    ...(through && { sampling: through }),
    ...rest,
  })
}

function resolving(context: StepContext): ResolveContext & Pick<StepContext, 'compute' | 'signal'> {
  const result = (name: string) => (context.hasInput(name) ? context.input(name, 'model') : undefined)
  return { ...context, result }
}

const estimatesIn = (context: StepContext) => (name: string) => context.input(name, 'proxy')

async function settingsOf(values: Params, context: StepContext): Promise<TrainSettings> {
  const table = context.input(values.on, 'table')
  const trainee = traineeOf(await resolveModel(values.model, resolving(context)), values)
  const { manifest } = trainee.model
  checkCrop(values.crop, manifest)
  const { name: provider } = await chooseProvider(context.compute, values.provider, context.signal)
  const { terms, networks } = objectiveOf(values, estimatesIn(context))
  const { images, held } = imagesOf(table, values.held, context.seed)
  const adapter = chosen(values.adapter)
  const optimiser = chosen(values.optimiser)
  return {
    ...trainee,
    adapter: { name: adapter.name as AdapterName, settings: adapter.settings },
    terms,
    networks: await resolveNetworks(networks, context, provider),
    images,
    held,
    degradation: values.degradation,
    steps: values.steps,
    batch: values.batch,
    crop: values.crop,
    rate: values.rate,
    schedule: values.schedule,
    update: {
      optimiser: { name: optimiser.name as OptimiserName, settings: optimiser.settings },
      accumulate: values.accumulate,
      ...(values.clip !== null && { clip: values.clip }),
      ...(values.ema !== undefined && { ema: values.ema }),
    },
    segments: values.recompute,
    heldCrop: heldCropOf(held, manifest, trainee.sampling?.pipeline.manifest.latent.downscale),
    every: values.every ?? Math.max(1, Math.ceil(values.steps / 10)),
    guards: values.guards === 'off' ? {} : values.guards,
    seed: context.seed,
    provider,
  }
}

function tell(run: string, settings: TrainSettings, live: Live, progress: TrainProgress): StepEvent[] {
  const { state, update, points, evaluations, tracked, secondsLeft } = progress
  live.points.push(...points)
  live.evaluations.push(...evaluations)
  live.tracked = tracked
  live.state = state
  live.secondsLeft = secondsLeft
  return [
    { type: 'progress', done: update, total: settings.steps, label: 'Training', unit: 'updates' },
    { type: 'output', output: trainingOutput(run, settings, live) },
  ]
}

function modelOf(name: string, settings: TrainSettings, result: TrainResult): ModelValue {
  const { path: _, ...model } = settings.model
  const { manifest } = model
  return {
    kind: 'model',
    name,
    onnx: result.onnx,
    manifest: {
      ...manifest,
      id: name,
      ...(settings.sampling && { pipeline: settings.sampling.pipeline }),
      summary: `${manifest.id}, tuned for ${result.from} updates by ${settings.terms.flatMap(({ name, weight }) => (weight > 0 ? [`${name} x ${weight}`] : [])).join(', ')}.`,
      training: {
        from: model.sha256,
        ...(settings.sampling && { sampling: settings.sampling.strategy }),
        adapter: { ...settings.adapter, file: result.adapter, count: result.trained },
        terms: settings.terms,
        networks: Object.fromEntries(
          Object.entries(settings.networks).map(([key, { sha256 }]) => [key, sha256]),
        ),
        images: settings.images.map(({ id }) => id),
        held: settings.held.map(({ id }) => id),
        steps: result.from,
        batch: settings.batch,
        crop: settings.crop,
        rate: settings.rate,
        schedule: settings.schedule,
        update: settings.update,
        degradation: settings.degradation,
        guards: settings.guards,
        seed: settings.seed,
        provider: settings.provider,
        ended: result.end,
      },
    },
  }
}

/** Why a training ended before its last update, and what its result is then. */
function endingOf({ end, from }: TrainResult): string | undefined {
  if (end.why === 'done') return undefined
  if (end.why === 'stopped') return `Stopped by hand after ${from} updates.`
  if (end.why === 'diverged') return `Diverged at update ${end.step}; the result is from update ${from}.`
  return `${breachText(end.breach)}; stopped, and the result is from update ${from}.`
}

function breachText({ name, change, limit }: Breach): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  return `Guard: held-out ${name} moved by ${percent(change)}, where ${percent(limit)} is allowed`
}

function divergedError(step: number, { rate }: TrainSettings): MirageError {
  return new MirageError({
    code: 'training-diverged',
    message: `The training diverged at update ${step}, before any look at the held-out images: the objective is not a number or has grown tenfold.`,
    remedy: `Lower the rate (it is ${rate}), add warm-up (schedule: { warmup: 20 }) or a limit (clip: 1).`,
  })
}
