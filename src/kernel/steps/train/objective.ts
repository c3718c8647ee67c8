import * as z from 'zod'
import { LOSSES, lossOf } from '../../autodiff/losses/index.ts'
import { MEASURES } from '../../autodiff/losses/measures.ts'
import { proxy } from '../../autodiff/losses/proxy.ts'
import { MirageError } from '../../errors.ts'
import type { NetworkRequest, ResolvedNetwork } from '../../metrics/features/network.ts'
import { resolveNetwork } from '../../metrics/features/resolve.ts'
import { METRICS, metricByName } from '../../metrics/registry.ts'
import type { ProviderName } from '../../models/providers.ts'
import { calibrationModel } from '../../stats/calibration/model.ts'
import type { StepContext } from '../../step.ts'
import { SHARPNESS, type WeightedTerm } from '../../train/settings.ts'
import type { ProxyValue } from '../../value.ts'
import type { Params } from './params.ts'

export interface ObjectiveRequest {
  terms: WeightedTerm[]
  /** Networks that the terms need, by the name that they use. */
  networks: Record<string, NetworkRequest>
}

/** Finds the estimate that a cell of this name made. */
type Estimates = (name: string) => ProxyValue

type Entry = Params['reward'][string]

/**
 * The terms of a cell with their settings checked: those of `reward`, those that are only watched, and those that a guard
 * needs.
 *
 * @throws MirageError `term-invalid`, and what `estimates` throws
 */
export function objectiveOf(
  { reward, watch, guards }: Pick<Params, 'reward' | 'watch' | 'guards'>,
  estimates: Estimates,
): ObjectiveRequest {
  const guarded = guards === 'off' ? [] : Object.keys(guards).filter(name => name !== SHARPNESS)
  const looked: Record<string, Entry> = { ...Object.fromEntries(guarded.map(name => [name, 0])), ...watch }
  const entries = [
    ...Object.entries(reward).map(([name, entry]) => ({ name, entry, counts: true })),
    ...Object.entries(looked).flatMap(([name, entry]) =>
      name in reward ? [] : [{ name, entry, counts: false }],
    ),
  ]
  const networks: Record<string, NetworkRequest> = {}
  const terms = entries.map(({ name, entry, counts }): WeightedTerm => {
    const {
      weight,
      during,
      loss = name,
      ...settings
    } = typeof entry === 'number' ? { weight: entry, during: [0, 1] as [number, number] } : entry
    const own =
      loss === proxy.name
        ? estimated(name, settings, networks, estimates)
        : splitSettings(name, loss as string, settings, networks)
    return { name, loss: own.loss, settings: own.settings, weight: counts ? weight : 0, during }
  })
  if (terms.every(({ weight }) => weight === 0)) {
    throw new MirageError({
      code: 'term-invalid',
      message: 'No term of the reward has a weight, so there is nothing to train for.',
      remedy: 'Write, for example, "reward: { inception: 1, l1: 0.1 }".',
    })
  }
  return { terms, networks }
}

/** The term of a calibrated estimate, and the networks that its columns are measured by. */
function estimated(
  name: string,
  settings: Record<string, unknown>,
  networks: Record<string, NetworkRequest>,
  estimates: Estimates,
): { loss: string; settings: unknown } {
  const { proxy: of, ...rest } = settings
  if (typeof of !== 'string' || Object.keys(rest).length > 0) {
    throw invalid(name, 'it needs `proxy`, the name of an estimate, and nothing else but weight and during')
  }
  const { validation: _, ...model } = estimates(of).model
  const { columns, curve } = calibrationModel.parse(model)
  if (curve.form === 'isotonic')
    throw invalid(name, `the estimate "${of}" rises in steps, which have no slope; fit it linear or logistic`)
  for (const column of columns) {
    if (Object.hasOwn(MEASURES, column)) continue
    const metric = METRICS.find(metric => metric.name === column)
    if (!metric?.network || metric.needs({ reference: 'gt' } as never).includes('lr')) {
      const known = [...Object.keys(MEASURES), ...METRICS.filter(row => row.network).map(row => row.name)]
      throw invalid(
        name,
        `the estimate "${of}" uses the column ${column}; a training can follow ${known.join(', ')}, with default settings`,
      )
    }
    networks[column] ??= requestOf(name, column, {})
  }
  return { loss: proxy.name, settings: { model } }
}

/** A term's own settings, and those of the network that it compares by. */
function splitSettings(
  name: string,
  loss: string,
  settings: Record<string, unknown>,
  networks: Record<string, NetworkRequest>,
): { loss: string; settings: unknown } {
  if (Object.hasOwn(LOSSES, loss)) {
    const parsed = checked(name, LOSSES[loss].settings, settings)
    const network = (parsed as { network?: string }).network
    if (network !== undefined && !networks[network]) networks[network] = requestOf(name, network, {})
    return { loss, settings: parsed }
  }
  const { to, ...ofNetwork } = settings
  networks[name] = requestOf(name, loss, ofNetwork)
  return { loss: name, settings: checked(name, lossOf(name).settings, to === undefined ? {} : { to }) }
}

function requestOf(name: string, metric: string, settings: object): NetworkRequest {
  const { settings: schema, network } = metricByName(metric)
  return network!(checked(name, schema, settings) as never)
}

function checked(name: string, schema: z.ZodType, settings: unknown): unknown {
  const result = schema.safeParse(settings)
  if (result.success) return result.data
  throw invalid(name, z.prettifyError(result.error).replaceAll('\n', ' '))
}

function invalid(name: string, why: string): MirageError {
  return new MirageError({
    code: 'term-invalid',
    message: `The term "${name}" is not as it should be: ${why}.`,
    remedy: 'Correct its settings, as in "reward: { inception: { weight: 1, to: gt } }".',
  })
}

export async function resolveNetworks(
  networks: ObjectiveRequest['networks'],
  { folder, store }: Pick<StepContext, 'folder' | 'store'>,
  provider: ProviderName,
): Promise<Record<string, ResolvedNetwork>> {
  const resolved = Object.entries(networks).map(
    async ([name, request]) => [name, await resolveNetwork(request, { folder, store, provider })] as const,
  )
  return Object.fromEntries(await Promise.all(resolved))
}
