import type { TrainingPoint } from '../../kernel/protocol/mime.ts'
import { formatValue } from '../shared/ui/numbers.ts'

export interface Sample {
  step: number
  value: number
}

/** The finite values of one series, in order of their steps. */
export function samplesOf(points: readonly TrainingPoint[], name: string): Sample[] {
  return points.flatMap(({ step, values }) =>
    Number.isFinite(values[name]) ? [{ step, value: values[name] }] : [],
  )
}

/**
 * Exponential moving average without the pull to zero at its start (Kingma and Ba 2015, section 3):
 * m = w m + (1 - w) x, shown as m / (1 - w^t).
 * @param weight of the past, 0 (none) to below 1
 */
export function smooth(samples: readonly Sample[], weight: number): Sample[] {
  let mean = 0
  let share = 0
  return samples.map(({ step, value }) => {
    mean = weight * mean + (1 - weight) * value
    share = weight * share + (1 - weight)
    return { step, value: mean / share }
  })
}

/** At most about `count` samples that keep every peak: the lowest and highest of each of `count / 2` stretches. */
export function thin(samples: readonly Sample[], count: number): Sample[] {
  if (samples.length <= count) return [...samples]
  const size = Math.ceil((samples.length * 2) / count)
  const kept: Sample[] = []
  for (let i = 0; i < samples.length; i += size) {
    const stretch = samples.slice(i, i + size)
    const low = stretch.reduce((a, b) => (b.value < a.value ? b : a))
    const high = stretch.reduce((a, b) => (b.value > a.value ? b : a))
    kept.push(...(low === high ? [low] : low.step < high.step ? [low, high] : [high, low]))
  }
  return kept
}

/** Round numbers that cover a range, about `count` of them. */
export function niceTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low]
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  // The round step nearest in ratio: the bounds are the geometric means of 1, 2, 5 and 10.
  const ratio = rough / power
  const step = power * (ratio < Math.SQRT2 ? 1 : ratio < Math.sqrt(10) ? 2 : ratio < Math.sqrt(50) ? 5 : 10)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** Labels with as many decimals as tell the ticks apart. */
export function tickLabels(ticks: readonly number[]): string[] {
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : Math.abs(ticks[0] || 1)
  if (step < 1e-4) return ticks.map(value => (value === 0 ? '0' : formatExponent(value)))
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  return ticks.map(value => formatValue(value, decimals))
}

/** `8e−5`: two digits at most. */
function formatExponent(value: number): string {
  return Number(value.toPrecision(2)).toExponential().replaceAll('-', '−')
}

/** The range of values with a little room; a flat curve gets some too. */
export function paddedRange(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) return [0, 1]
  const room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1
  return [low - room, high + room]
}

/** The sample at a step, or the last one before it. */
export function sampleAt(samples: readonly Sample[], step: number): Sample | undefined {
  return samples.findLast(sample => sample.step <= step)
}
