import type { Compute } from '../compute/compute.ts'
import { MirageError, nearest } from '../errors.ts'
import { PROVIDER_NAMES, PROVIDERS, type ProviderName, type ProviderState } from './providers.ts'

/**
 * Tries every provider of this platform by running a small convolution in a process of its own; one that crashes its
 * process does not work.
 */
export async function probeProviders(compute: Compute, signal: AbortSignal): Promise<ProviderState[]> {
  const states: ProviderState[] = []
  // One after the other: a crash then belongs to one provider, and times are not disturbed.
  for (const name of PROVIDER_NAMES) states.push(await probeProvider(compute, name, signal))
  return states
}

/** Tries one provider, or gives what was found before. */
export function probeProvider(
  compute: Compute,
  name: ProviderName,
  signal: AbortSignal,
): Promise<ProviderState> {
  const known = compute.probed?.get(name)
  if (known) return known
  const state = tryProvider(compute, name, signal)
  compute.probed?.set(name, state)
  // A probe that was stopped is no answer.
  state.catch(() => compute.probed?.delete(name))
  return state
}

async function tryProvider(
  compute: Compute,
  name: ProviderName,
  signal: AbortSignal,
): Promise<ProviderState> {
  if (!PROVIDERS[name].platforms.includes(process.platform)) {
    return { name, works: false, reason: `not available on ${process.platform}` }
  }
  try {
    return await compute.run('probe', { provider: name }, { signal, lane: 'alone' })
  } catch (error) {
    if (error instanceof MirageError && error.info.code === 'compute-died') {
      return { name, works: false, reason: 'its process crashed' }
    }
    throw error
  }
}

/**
 * The provider that `asked` means. `auto` is the one that ran the probe fastest, so that a software driver is never
 * taken for a GPU. A named provider that does not work is an error, never another one.
 *
 * @throws MirageError `provider-unknown`, `provider-missing`
 */
export async function chooseProvider(
  compute: Compute,
  asked: string,
  signal: AbortSignal,
): Promise<{ name: ProviderName; states: ProviderState[] }> {
  const choice = await choose(compute, asked, signal)
  compute.chosen?.(choice.name)
  return choice
}

async function choose(
  compute: Compute,
  asked: string,
  signal: AbortSignal,
): Promise<{ name: ProviderName; states: ProviderState[] }> {
  if (asked === 'auto') {
    const states = await probeProviders(compute, signal)
    const [best] = states.filter(each => each.works).sort((a, b) => a.milliseconds! - b.milliseconds!)
    if (best === undefined) throw missing('cpu', states)
    return { name: best.name, states }
  }
  const name = providerName(asked)
  const state = await probeProvider(compute, name, signal)
  if (state.works) return { name, states: [state] }
  const others = await probeProviders(compute, signal)
  throw missing(name, others)
}

/** @throws MirageError `provider-unknown` */
export function providerName(asked: string): ProviderName {
  const name = PROVIDER_NAMES.find(each => each === asked.toLowerCase())
  if (name) return name
  const near = nearest(asked, PROVIDER_NAMES)
  throw new MirageError({
    code: 'provider-unknown',
    message: `There is no execution provider "${asked}".${near ? ` Did you mean "${near}"?` : ''}`,
    remedy: `Providers: auto, ${PROVIDER_NAMES.join(', ')}.`,
  })
}

function missing(name: ProviderName, states: ProviderState[]): MirageError {
  const { label, needs, add } = PROVIDERS[name]
  const there = states.filter(each => each.works).map(each => each.name)
  const reason = states.find(each => each.name === name)?.reason ?? 'it did not run'
  return new MirageError({
    code: 'provider-missing',
    message: `${label} does not work on this machine: ${reason}. Working here: ${there.join(', ') || 'none'}.`,
    remedy: `Write "provider: ${there[0] ?? 'cpu'}" or "provider: auto". ${label} needs ${needs}; to add it: ${add}. Then restart the kernel.`,
  })
}
