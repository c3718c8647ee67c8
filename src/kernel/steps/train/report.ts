import type { Tracked, TrainResult } from '../../compute/jobs/train.ts'
import type { Output } from '../../protocol/messages.ts'
import { type ColumnInfo, MIME, type TablePayload, type TrainingPayload } from '../../protocol/mime.ts'
import { bootstrap, hasInterval } from '../../stats/resampling/bootstrap.ts'
import { createRng } from '../../stats/resampling/rng.ts'
import { perLane } from '../../stats/resampling/statistic.ts'
import type { Evaluation } from '../../train/evaluation.ts'
import { meanOf } from '../../train/evaluation.ts'
import type { Point } from '../../train/run.ts'
import { SHARPNESS, type TrainSettings } from '../../train/settings.ts'
import { comparePayload } from '../payloads.ts'

/** The state of a training that the renderer follows. */
export interface Live {
  points: Point[]
  evaluations: Evaluation[]
  tracked: Tracked[]
  state: TrainingPayload['state']
  secondsLeft?: number
  message?: string
}

const heldName = (name: string) => `held-out ${name}`

/** The curves and the samples. */
export function trainingOutput(run: string, settings: TrainSettings, live: Live): Output {
  const { terms, steps } = settings
  const before = live.evaluations[0]
  const payload: TrainingPayload = {
    run,
    state: live.state,
    totalSteps: steps,
    series: [
      { name: 'loss', label: 'Objective', group: 'loss', direction: 'lower' },
      ...terms
        .filter(({ weight }) => weight > 0)
        .map(({ name }) => ({ name, label: name, group: 'reward' as const, direction: 'lower' as const })),
      ...[...terms.map(({ name }) => name), SHARPNESS].map(name => ({
        name: heldName(name),
        label: heldName(name),
        group: 'guard' as const,
        direction: name === SHARPNESS ? ('none' as const) : ('lower' as const),
      })),
      { name: 'rate', label: 'Learning rate', group: 'schedule', direction: 'none' },
      { name: 'norm', label: 'Length of the gradient', group: 'schedule', direction: 'none' },
    ],
    points: thinned(
      withHeld(live.points, live.evaluations),
      new Set(live.evaluations.map(({ update }) => update)),
    ),
    samples: live.tracked.map(({ id, lr, gt }) => ({
      id,
      lr,
      gt,
      before: before?.images.find(image => image.id === id)?.sr,
      at: live.evaluations.flatMap(({ update, images }) => {
        const image = images.find(each => each.id === id)?.sr
        return image && update > 0 ? [{ step: update, image }] : []
      }),
    })),
    ...(live.secondsLeft !== undefined && { secondsLeft: live.secondsLeft }),
    ...(live.message !== undefined && { message: live.message }),
  }
  const last = live.points.at(-1)
  const text = `${live.state}: ${last?.step ?? 0} of ${steps} updates${last ? `, objective ${last.values.loss.toPrecision(4)}` : ''}`
  return {
    id: 'training',
    items: [
      { mime: MIME.training, json: payload },
      { mime: 'text/plain', text: live.message ? `${text}. ${live.message}` : text },
    ],
  }
}

/** Points of a curve that are sent at each of its updates: a long training would choke on its own past. */
const MOST_POINTS = 2000

/** Every n-th point, those at which the held-out images were looked at, and the last. */
function thinned(points: Point[], looks: ReadonlySet<number>): Point[] {
  const stride = Math.ceil(points.length / MOST_POINTS)
  return points.filter(({ step }, i) => i % stride === 0 || i === points.length - 1 || looks.has(step))
}

/** Points with the means over held-out images at the updates that have them. */
function withHeld(points: readonly Point[], evaluations: readonly Evaluation[]): Point[] {
  const held = new Map(evaluations.map(evaluation => [evaluation.update, evaluation]))
  const valuesOf = (evaluation: Evaluation) =>
    Object.fromEntries(
      Object.keys(evaluation.images[0].values).map(name => [heldName(name), meanOf(evaluation, name)]),
    )
  const start = held.get(0)
  const first = start ? [{ step: 0, values: valuesOf(start) }] : []
  const rest = points.map(({ step, values }) => {
    const evaluation = held.get(step)
    return { step, values: evaluation ? { ...values, ...valuesOf(evaluation) } : values }
  })
  return [...first, ...rest]
}

const column = (name: string, label: string): ColumnInfo => ({
  name,
  label,
  direction: 'none',
  settings: {},
  version: '1',
  source: 'held-out images',
})

/** Held-out images before training and after it, in the comparison view. */
export function comparisonOutput(
  { model }: TrainSettings,
  { evaluations, tracked, from }: Pick<TrainResult, 'evaluations' | 'tracked' | 'from'>,
  name: string,
): Output {
  const looks = [
    { method: model.manifest.id, evaluation: evaluations[0] },
    { method: `${name} (${from} updates)`, evaluation: afterOf(evaluations, from) },
  ]
  const rows = tracked.flatMap(({ id, lr, gt }) =>
    looks.map(({ method, evaluation }) => {
      const sr = evaluation.images.find(image => image.id === id)?.sr
      return { id, method, images: { lr, gt, ...(sr && { sr }) }, values: {} }
    }),
  )
  const payload = comparePayload({ kind: 'table', scale: model.manifest.scale, columns: [], rows })
  const text = `Held-out images by ${looks.map(({ method }) => method).join(' and ')}: ${tracked.map(({ id }) => id).join(', ')}`
  return {
    id: 'before-after',
    items: [
      { mime: MIME.compare, json: payload },
      { mime: 'text/plain', text },
    ],
  }
}

const afterOf = (evaluations: readonly Evaluation[], from: number): Evaluation =>
  evaluations.find(({ update }) => update === from) ?? evaluations.at(-1)!

/** Before and after on held-out images, with 95 % intervals of the paired difference. */
export function changeOutput(
  settings: TrainSettings,
  { evaluations, from }: Pick<TrainResult, 'evaluations' | 'from'>,
): Output {
  const before = evaluations[0]
  const after = afterOf(evaluations, from)
  const names = [...settings.terms.map(({ name }) => name), SHARPNESS]
  const rewarded = new Set(settings.terms.filter(({ weight }) => weight > 0).map(({ name }) => name))
  const rows = names.map(name => {
    const pairs = before.images.map(({ values }, i) => [values[name], after.images[i].values[name]] as const)
    const { value, low, high } = pairedDifference(pairs, settings.seed)
    const role = rewarded.has(name) ? 'reward' : 'watched'
    return {
      term: name,
      role,
      before: meanOf(before, name),
      after: meanOf(after, name),
      difference: value,
      low,
      high,
    }
  })
  const payload: TablePayload = {
    caption: `Held-out images before training and after ${from} updates`,
    keys: ['term', 'role'],
    columns: [
      column('before', 'Before'),
      column('after', 'After'),
      column('difference', 'Difference'),
      column('low', '95 % from'),
      column('high', 'to'),
    ],
    rows,
    notes: [
      `${before.images.length} held-out images. Terms are distances, so less is better; sharpness is the mean absolute Laplacian of Y in levels of 255.`,
      'Intervals: BCa bootstrap of the mean paired difference, 2,000 draws of whole images.',
    ],
  }
  const lines = rows.map(row => {
    const interval = row.low === null ? '' : ` [${row.low.toPrecision(3)}, ${row.high!.toPrecision(3)}]`
    return `${row.term} (${row.role}): ${row.before.toPrecision(4)} -> ${row.after.toPrecision(4)}, difference ${row.difference.toPrecision(3)}${interval}`
  })
  return {
    id: 'change',
    items: [
      { mime: MIME.table, json: payload },
      { mime: 'text/plain', text: lines.join('\n') },
    ],
  }
}

function pairedDifference(pairs: readonly (readonly [number, number])[], seed: number) {
  const differences = pairs.map(([a, b]) => b - a)
  const mean = perLane(1, differences.length, (weights, out) => {
    let sum = 0
    let count = 0
    for (const [i, difference] of differences.entries()) {
      sum += weights[i] * difference
      count += weights[i]
    }
    out[0] = sum / count
  })
  const { estimates, intervals } = bootstrap(mean, { draws: 2000, level: 0.95, rng: createRng(seed) })
  const [interval] = intervals
  return {
    value: estimates[0],
    low: hasInterval(interval) ? interval.low : null,
    high: hasInterval(interval) ? interval.high : null,
  }
}
