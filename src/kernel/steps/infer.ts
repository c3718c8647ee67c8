import { type FailedRow, isFailed } from '../compute/isolate.ts'
import type { InferParams, InferProgress, InferredImage } from '../compute/jobs/infer.ts'
import { runRows } from '../compute/rows.ts'
import { MirageError } from '../errors.ts'
import type { ModelRequest } from '../models/entries.ts'
import { placementOn } from '../models/placement.ts'
import { chooseProvider } from '../models/probe.ts'
import type { ProviderName, ProviderState } from '../models/providers.ts'
import {
  locateModel,
  modelFingerprint,
  type ResolveContext,
  type ResolvedModel,
  resolveModel,
} from '../models/resolve.ts'
import type { Fingerprint, RowFailure, StepContext, StepDefinition, StepEvent } from '../step.ts'
import { describeFailedRows } from './failed-rows.ts'
import { follow } from './infer/follow.ts'
import { type Params, params } from './infer/params.ts'
import { describePlaced, type Placed } from './infer/placed.ts'
import { conversionNotes, type ModelRun, previewOutput, runOutput } from './infer/report.ts'
import { checkModels, type Source, sourcesOf, withMethods } from './infer/rows.ts'
import { tiling } from './infer/tiling.ts'

/** Enlarges the LR images of a table with one model or several. */
export const infer: StepDefinition<typeof params> = {
  name: 'infer',
  version: 1,
  summary: 'Enlarges LR images with super-resolution models: a new method per model.',
  params,
  granularity: 'rows',

  async fingerprint({ model }, context): Promise<Fingerprint> {
    const located = []
    for (const request of listOf(model)) located.push(await locateModel(request, resolving(context)))
    return modelFingerprint(located)
  },

  async *run(values, context) {
    const table = context.input(values.of, 'table')
    const sources = sourcesOf(table)
    const resolved: ResolvedModel[] = []
    for (const request of listOf(values.model)) {
      resolved.push(atScale(await resolveModel(request, resolving(context)), table.scale))
    }
    const scale = checkModels(
      table,
      resolved.map(({ method, manifest }) => ({ method, scale: manifest.scale })),
    )
    const silent = resolved.filter(({ manifest }) => !manifest.noisy)
    if (values.seeds && silent.length > 0)
      yield { type: 'note', text: `${names(silent)}: no noise, so no seeds.` }
    const { provider, states } = await providerFor(resolved, values, context)
    const runs = yield* runAll(resolved, sources, provider, values, context)
    for (const text of conversionNotes(runs)) yield { type: 'note', text }
    const failed = failuresOf(runs)
    if (failed.length > 0) yield { type: 'note', text: describeFailedRows(failed, 'enlarged') }
    const made = runs.map(({ model: { method }, results }) => ({ method, images: results }))
    const value = withMethods(table, scale, sources, made)
    return {
      value,
      outputs: [previewOutput(value), runOutput(runs, values.provider, states)],
      lock: lockOf(runs),
      failed,
    }
  },
}

const listOf = (model: Params['model']): ModelRequest[] => (Array.isArray(model) ? model : [model])
const names = (models: ResolvedModel[]) => models.map(({ method }) => method).join(', ')

function resolving(context: StepContext): ResolveContext & Pick<StepContext, 'compute' | 'signal'> {
  const result = (name: string) => (context.hasInput(name) ? context.input(name, 'model') : undefined)
  return { ...context, result }
}

/** Interpolation takes the scale of the triplets. */
function atScale(model: ResolvedModel, scale: number | undefined): ResolvedModel {
  if (model.manifest.kind !== 'interpolation') return model
  if (scale !== undefined) return { ...model, manifest: { ...model.manifest, scale } }
  throw new MirageError({
    code: 'scale-unknown',
    message: `"${model.method}" enlarges by any factor, and the triplets do not say which.`,
    remedy: 'Give `scale` in the triplets step.',
  })
}

async function providerFor(
  models: ResolvedModel[],
  { provider }: Params,
  { compute, signal }: StepContext,
): Promise<{ provider: ProviderName; states: ProviderState[] }> {
  if (!models.some(hasGraphs)) return { provider: 'cpu', states: [] }
  const { name, states } = await chooseProvider(compute, provider, signal)
  return { provider: name, states }
}

async function* runAll(
  models: ResolvedModel[],
  sources: Source[],
  provider: ProviderName,
  values: Params,
  context: StepContext,
): AsyncGenerator<StepEvent, ModelRun[], unknown> {
  const runs: ModelRun[] = []
  const seeds = values.seeds ?? [context.seed]
  let before = 0
  for (const model of models) {
    const { tile, overlap } = yield* tiling(model, sources, provider, values, context)
    const images = sources.flatMap(({ id, lr }) =>
      (model.manifest.noisy ? seeds : [undefined]).map(seed => ({ id, lr, seed })),
    )
    const { endpoint } = model
    if (endpoint) {
      const text = `${model.method}: LR images that are not in the cache are sent to ${new URL(endpoint.address).host}.`
      yield { type: 'note', text }
    }
    const settings = { provider, providerNamed: values.provider !== 'auto', tile, overlap }
    const made = yield* follow(
      (onProgress: (progress: InferProgress) => void) => start(model, images, settings, context, onProgress),
      teller(nameOf(model, provider), before, models.length),
    )
    before++
    const results = images.map(({ id, seed }, i): InferredImage | RowFailure => {
      const result = made[i]
      if (!isFailed(result)) return result
      return { id, method: model.method, ...(seed !== undefined && { seed }), error: result.failed }
    })
    const run: ModelRun = { model, tile, overlap, results, images: made.filter(isMade) }
    // Of a part of the images nobody knows whether all fail.
    const [failed] = failuresOf([run])
    if (failed && run.images.length === 0 && context.share === undefined) throw new MirageError(failed.error)
    if (provider !== 'cpu' && hasGraphs(model) && run.images.some(({ cached }) => !cached)) {
      yield { type: 'progress', done: 1, total: 1, label: `${nameOf(model, provider)}: looking where it ran` }
      run.placed = await placedOn(model, provider, context)
      const { whole, text } = describePlaced(run.placed)
      if (!whole) yield { type: 'note', text: `${model.method}: ${text}.` }
    }
    runs.push(run)
  }
  return runs
}

const hasGraphs = ({ path, pipeline }: ResolvedModel): boolean => path !== null || pipeline !== undefined

/** Not knowing it does not cost the images. */
async function placedOn(
  { command: _, ...model }: ResolvedModel,
  provider: ProviderName,
  context: StepContext,
): Promise<Placed> {
  try {
    return { provider, ...(await placementOn(model, provider, context)) }
  } catch (error) {
    context.signal.throwIfAborted()
    return { provider, unknown: error instanceof Error ? error.message : String(error) }
  }
}

const isMade = (result: InferredImage | FailedRow): result is InferredImage => !isFailed(result)

const failuresOf = (runs: ModelRun[]): RowFailure[] =>
  runs.flatMap(({ results }) => results.filter(result => 'error' in result))

function start(
  { command, ...model }: ResolvedModel,
  images: InferParams['images'],
  settings: Omit<InferParams, 'model' | 'images'>,
  { compute, signal, folder }: StepContext,
  onProgress: (progress: InferProgress) => void,
): Promise<(InferredImage | FailedRow)[]> {
  if (!command)
    return runRows(compute, 'infer', { model, images, ...settings }, { signal, lane: 'device', onProgress })
  const { sha256, manifest } = model
  return runRows(
    compute,
    'infer-command',
    { command, folder, sha256, manifest, images },
    { signal, lane: 'device', onProgress },
  )
}

/** Such as `realesr-general-x4v3 on webgpu`. */
function nameOf(model: ResolvedModel, provider: ProviderName): string {
  return hasGraphs(model) ? `${model.method} on ${provider}` : model.method
}

/** Progress over all models, each of which counts as one part of the whole in SR megapixels. */
function teller(label: string, modelsBefore: number, modelCount: number) {
  const started = performance.now()
  let cached = 0
  return ({ megapixels, total, finished }: InferProgress): StepEvent[] => {
    if (finished?.cached) cached += (finished.sr.width * finished.sr.height) / 1e6
    const rate = (1000 * Math.max(0, megapixels - cached)) / Math.max(1, performance.now() - started)
    const done = modelsBefore * total + megapixels
    return [{ type: 'progress', done, total: total * modelCount, label, rate, unit: 'MP' }]
  }
}

function lockOf(runs: ModelRun[]): Record<string, unknown> {
  return Object.fromEntries(
    runs.map(({ model: { method, sha256, manifest }, tile, overlap, images }) => [
      method,
      {
        sha256,
        kind: manifest.kind,
        scale: manifest.scale,
        providers: [...new Set(images.map(({ provider }) => provider))],
        tile,
        overlap,
      },
    ]),
  )
}
