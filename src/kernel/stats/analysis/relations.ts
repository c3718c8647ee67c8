import { kendallStatistics } from '../correlation/kendall.ts'
import { type Coefficient, partialStatistics } from '../correlation/partial.ts'
import { pearson, pearsonStatistics } from '../correlation/pearson.ts'
import { type Ordering, ordering, ranksIn } from '../correlation/ranks.ts'
import { spearmanStatistics } from '../correlation/spearman.ts'
import { fitLogistic, type LogisticForm, logisticAt } from '../fits/logistic.ts'
import { type Bootstrap, bootstrapping, hasInterval } from '../resampling/bootstrap.ts'
import type { Clusters } from '../resampling/clusters.ts'
import { createRng } from '../resampling/rng.ts'
import { evaluated } from '../resampling/statistic.ts'
import { part, type Work } from '../work.ts'
import {
  type CompareOptions,
  comparing,
  type Difference,
  differencesOf,
  signsOf,
  withDifferences,
} from './differences.ts'
import { permutationP } from './permutation-p.ts'
import { type Column, constant, type Sample, sampleOf, samplesByRows } from './sample.ts'
import type { View } from './views.ts'

/** A correlation with what is known about it; null where it is not defined, and `why` says so. */
export interface Figure {
  value: number | null
  low: number | null
  high: number | null
  /** Two-sided, by permutation. */
  p: number | null
  why?: string
}

export interface Relation {
  x: string
  y: string
  rows: number
  images: number
  srcc: Figure
  plcc: Figure
  krcc: Figure
  /** PLCC after a logistic curve through x, as image quality work reports it. */
  fitted: number | null
  notes: string[]
}

/** Bootstrap draws 0 means no intervals; `given` are columns whose share is taken out of x and y (partial correlation). */
export interface RelateOptions extends CompareOptions {
  /** Permutations; 0 for no p. */
  permutations: number
  logistic: LogisticForm
}

/** Kendall's coefficient costs more; in larger samples its value comes without interval and p. */
export const KENDALL_ROWS = 2000
/** Rows that a logistic curve is fitted to, evenly taken from a larger sample. */
const LOGISTIC_ROWS = 2000

/** Correlations of predictors with one y in one view, and the comparisons between them. */
export function* relating(
  view: View,
  xs: readonly Column[],
  y: Column,
  images: Clusters,
  options: RelateOptions,
): Work<{ relations: Relation[]; differences: Difference[] }> {
  const shared = samplesByRows(view, xs, [y, ...options.given], images)
  const relations = new Map<string, Relation>()
  const differences: Difference[] = []
  for (const [g, { sample, xs: members }] of shared.entries()) {
    const done = g / (shared.length + 1)
    // One shared sample answers the comparisons too; several are compared below, on the rows that all of them have.
    const compare = shared.length === 1
    const result = yield* part(
      relateSample(view, sample, members, y, compare, options),
      done,
      done + 1 / (shared.length + 1),
    )
    for (const relation of result.relations) relations.set(relation.x, relation)
    differences.push(...result.differences)
  }
  if (shared.length > 1) {
    const sample = sampleOf(view, [...xs, y, ...options.given], images)
    differences.push(
      ...(yield* part(comparing(sample, xs, y, options), shared.length / (shared.length + 1), 1)),
    )
  }
  return { relations: xs.map(x => relations.get(x.name)!), differences }
}

function* relateSample(
  view: View,
  sample: Sample,
  xs: readonly Column[],
  y: Column,
  compare: boolean,
  options: RelateOptions,
): Work<{ relations: Relation[]; differences: Difference[] }> {
  const { clusters } = sample
  const valuesY = sample.take(y)
  const whyNot = degenerate(view, sample, y.name, valuesY)
  const usable = whyNot ? [] : xs.filter(x => !constant(sample.take(x)))
  const valuesX = usable.map(sample.take)
  const order = orderedOnce()
  const ranks = valuesX.map(values => ranksIn(order(values)))
  const given = options.given.map(sample.take)
  const statistics = (coefficient: Coefficient) =>
    given.length > 0
      ? partialStatistics(coefficient, valuesX, valuesY, given, clusters)
      : coefficient(valuesX, valuesY, clusters, order)
  const bootstrapped = { draws: options.draws, level: options.level }
  const rng = () => createRng(options.seed)

  const ofRanks = statistics(spearmanStatistics)
  const signs = signsOf(usable, [...evaluated(ofRanks)], options)
  const srcc = yield* part(
    bootstrapping(compare ? withDifferences(ofRanks, signs) : ofRanks, { ...bootstrapped, rng: rng() }),
    0,
    0.5,
  )
  const plcc = yield* part(
    bootstrapping(statistics(pearsonStatistics), { ...bootstrapped, rng: rng() }),
    0.5,
    0.6,
  )
  const small = sample.rows.length <= KENDALL_ROWS
  const krcc =
    given.length > 0
      ? undefined
      : yield* part(
          bootstrapping(kendallStatistics(valuesX, valuesY, clusters, order), {
            ...bootstrapped,
            draws: small ? options.draws : 0,
            rng: rng(),
          }),
          0.6,
          0.8,
        )
  const p = yield* part(
    permutationP(
      view,
      sample,
      { valuesX, ranks, valuesY, given },
      { ...options, kendall: small && given.length === 0 },
    ),
    0.8,
    1,
  )

  const relations = xs.map((x): Relation => {
    const j = usable.indexOf(x)
    const shared = { x: x.name, y: y.name, rows: sample.rows.length, images: clusters.count }
    if (j < 0) {
      const why = whyNot ?? `${x.name} is the same in all ${sample.rows.length} rows`
      const none = { value: null, low: null, high: null, p: null, why }
      return { ...shared, srcc: none, plcc: none, krcc: none, fitted: null, notes: [why] }
    }
    const figures = {
      srcc: figure(srcc, j, p.srcc[j], options),
      plcc: figure(plcc, j, p.plcc[j], options),
      krcc: krcc ? figure(krcc, j, p.krcc[j], options, small) : noPartialKendall,
    }
    const notes = new Set(Object.values(figures).flatMap(({ why }) => why ?? []))
    const fitted = given.length > 0 ? null : logisticCorrelation(valuesX[j], valuesY, options.logistic)
    return { ...shared, ...figures, fitted, notes: [...notes] }
  })
  const differences = compare ? differencesOf(sample, usable, { ranks, given }, y, srcc, signs) : []
  return { relations, differences }
}

const noPartialKendall: Figure = {
  value: null,
  low: null,
  high: null,
  p: null,
  why: 'KRCC has no partial form here',
}

function figure(
  { estimates: values, intervals }: Bootstrap,
  j: number,
  p: number,
  { draws, level }: RelateOptions,
  resampled = true,
): Figure {
  if (Number.isNaN(values[j]))
    return { value: null, low: null, high: null, p: null, why: 'it is not defined' }
  const interval = intervals[j]
  const known = { value: values[j], p: Number.isNaN(p) ? null : p }
  if (!resampled)
    return { ...known, low: null, high: null, why: `KRCC has interval and p up to ${KENDALL_ROWS} rows` }
  if (draws === 0) return { ...known, low: null, high: null }
  if (hasInterval(interval)) return { ...known, ...interval }
  return { ...known, low: null, high: null, why: `no ${100 * level} % interval: ${interval.reason}` }
}

function logisticCorrelation(x: Float64Array, y: Float64Array, form: LogisticForm): number | null {
  const stride = Math.ceil(x.length / LOGISTIC_ROWS)
  const thin = (values: Float64Array) => values.filter((_, row) => row % stride === 0)
  const fit = fitLogistic(thin(x), thin(y), form)
  if (!fit) return null
  const r = pearson(
    x.map(value => logisticAt(fit, value)),
    y,
  )
  return Number.isNaN(r) ? null : r
}

function degenerate(view: View, { rows }: Sample, name: string, y: Float64Array): string | undefined {
  if (view.kind === 'within-image' && rows.length === 0)
    return 'no image has two rows with numbers to compare'
  if (rows.length < 3) return `${rows.length} rows with both numbers are too few, a correlation needs 3`
  return constant(y) ? `${name} is the same in all ${rows.length} rows` : undefined
}

/** Several statistics need the order of the same columns, and sorting is most of their preparation. */
function orderedOnce(): (values: Float64Array) => Ordering {
  const known = new Map<Float64Array, Ordering>()
  return values => {
    const order = known.get(values) ?? ordering(values)
    known.set(values, order)
    return order
  }
}
