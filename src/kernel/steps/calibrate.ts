import { scatterChart } from '../charts/scatter.ts'
import { signed } from '../charts/theme.ts'
import { MirageError } from '../errors.ts'
import { type ColumnInfo, MIME, type TablePayload } from '../protocol/mime.ts'
import { sampleOf } from '../stats/analysis/sample.ts'
import { viewsOf } from '../stats/analysis/views.ts'
import { crossValidated } from '../stats/calibration/cross-validate.ts'
import { type CalibrationFigures, calibrationFigures } from '../stats/calibration/figures.ts'
import { fitCalibration } from '../stats/calibration/fit.ts'
import { fitLine } from '../stats/fits/line.ts'
import { clusterBy } from '../stats/resampling/clusters.ts'
import { createRng } from '../stats/resampling/rng.ts'
import type { StepDefinition } from '../step.ts'
import type { StudyTable } from '../value.ts'
import { type CalibrateParams, params } from './calibrate/params.ts'
import { columnInfo, listOf, numberColumn, requireMethods } from './columns.ts'
import { driven } from './drive.ts'
import { tripletsOf } from './payloads.ts'

/** Learns to estimate a column from others, and says how well that holds for images it did not see. */
export const calibrate: StepDefinition<typeof params> = {
  name: 'calibrate',
  version: 1,
  summary:
    'Maps columns to the HS scale (linear, isotonic, logistic), cross-validated by image, as a proxy for `score`.',
  params,
  granularity: 'table',

  async *run(values, { input, seed, signal }) {
    const table = chosen(input(values.of, 'table'), values)
    requireMethods(table, values.groups)
    const xs = listOf(values.x).map(name => numberColumn(table, name))
    const y = numberColumn(table, values.y)
    const images = clusterBy(table.rows.map(row => row.id))
    const [everything] = viewsOf(table.rows, ['pooled'], {})
    const sample = sampleOf(everything, [...xs, y], images)
    const { clusters } = sample
    if (clusters.count < values.folds) throw tooFew(clusters.count, values)
    const known = xs.map(x => ({ name: x.name, values: sample.take(x) }))
    const target = { name: y.name, values: sample.take(y) }
    const range = endsOf(columnInfo(table, y.name))
    const settings = { form: values.fit, range, ridge: values.ridge }
    const model = fitCalibration(known, target, settings)
    if (!model) throw nothingToLearn(values)
    const estimates = crossValidated(known, target, clusters, settings, values.folds, createRng(seed))
    const rows = Array.from(sample.rows, row => table.rows[row])
    const figures = yield* driven(
      calibrationFigures(rows, target, estimates, values.groups, { draws: values.bootstrap, seed }),
      'Resampling',
      signal,
    )
    const left = table.rows.length - rows.length
    if (left > 0) yield { type: 'note', text: `${left} rows without all of the columns are left out.` }
    const validation = {
      folds: values.folds,
      by: 'image',
      rows: rows.length,
      images: clusters.count,
      seed,
      figures,
    }
    const weights = model.columns.map((name, k) => `${name} ${signed(model.weights[k])}`).join(', ')
    const notes = [
      `${values.fit} fit of ${values.y} on ${model.columns.join(', ')}; ridge ${values.ridge}. Weights per standard deviation: ${weights}.`,
      `Figures are of estimates for images that the fit did not see (${values.folds} folds by image); intervals resample images.`,
    ]
    const text = figures.map(figureText).join('\n')
    return {
      value: { kind: 'proxy', name: values.as, model: { ...model, validation } },
      outputs: [
        {
          id: 'figures',
          items: [
            { mime: MIME.table, json: figuresPayload(figures, notes) },
            { mime: 'text/plain', text: [`Estimate "${values.as}"`, text, ...notes].join('\n') },
          ],
        },
        estimatesChart(table, rows, target.values, estimates, figures[0], values, seed),
      ],
      lock: { model, validation },
    }
  },
}

function chosen(table: StudyTable, { methods }: CalibrateParams): StudyTable {
  if (!methods) return table
  requireMethods(table, { methods })
  return { ...table, rows: table.rows.filter(row => row.method !== null && methods.includes(row.method)) }
}

const endsOf = ({ range }: ColumnInfo): [number, number] | null =>
  range && range[0] !== null && range[1] !== null ? [range[0], range[1]] : null

function tooFew(images: number, { folds, y }: CalibrateParams): MirageError {
  return new MirageError({
    code: 'too-few-images',
    message: `Only ${images} images have ${y} and all columns of x, fewer than the ${folds} folds.`,
    remedy: 'Judge more images, or lower `folds`.',
  })
}

function nothingToLearn({ x, y }: CalibrateParams): MirageError {
  return new MirageError({
    code: 'nothing-to-learn',
    message: `${y} can't be fitted: ${listOf(x).join(', ')} or ${y} do not vary.`,
    remedy: 'Give columns that differ between rows.',
  })
}

export function figureText({
  view,
  rows,
  images,
  srcc,
  srccLow,
  srccHigh,
  plcc,
  mae,
  note,
}: CalibrationFigures): string {
  if (srcc === null) return `  ${view}: no correlation (${note})`
  const interval = srccLow === null || srccHigh === null ? '' : ` [${signed(srccLow)}, ${signed(srccHigh)}]`
  const error = mae === null ? '' : `, mean error ${mae.toFixed(2)}`
  return `  ${view}: SRCC ${signed(srcc)}${interval}, PLCC ${signed(plcc!)}${error}; ${rows} rows of ${images} images`
}

function figuresPayload(figures: readonly CalibrationFigures[], notes: string[]): TablePayload {
  const column = (name: string, label: string): ColumnInfo => ({
    name,
    label,
    direction: 'none',
    settings: { estimates: 'cross-validated by image' },
    version: '1',
    source: 'out-of-fold estimates against y',
  })
  return {
    caption: 'How good the estimate is',
    columns: [
      column('rows', 'rows'),
      column('images', 'images'),
      column('srcc', 'SRCC'),
      column('srccLow', '95 % low'),
      column('srccHigh', '95 % high'),
      column('plcc', 'PLCC'),
      column('mae', 'mean absolute error'),
      column('rmse', 'root mean square error'),
    ],
    keys: ['view', 'note'],
    rows: figures.map(({ note, ...figure }) => ({ ...figure, note: note ?? null })),
    notes,
  }
}

function estimatesChart(
  table: StudyTable,
  rows: readonly StudyTable['rows'][number][],
  y: Float64Array,
  estimates: Float64Array,
  pooled: CalibrationFigures,
  { y: name, bootstrap }: CalibrateParams,
  seed: number,
) {
  const points = rows.flatMap(({ id, method }, row) =>
    Number.isFinite(estimates[row])
      ? [{ _row: row, id, method: method ?? 'none', x: estimates[row], y: y[row] }]
      : [],
  )
  const kept = Float64Array.from(points, ({ x }) => x)
  const line = fitLine(
    kept,
    Float64Array.from(points, point => point.y),
    clusterBy(points.map(({ id }) => id)),
    { draws: bootstrap, level: 0.95, seed },
  )
  const chart = scatterChart({
    title: `${name} and its estimate for unseen images`,
    subtitle: figureText(pooled).trim(),
    x: `estimated ${name}`,
    y: name,
    points,
    methods: [...new Set(points.map(({ method }) => method))],
    line,
    links: rows.map(({ id, method }) => ({ id, method })),
  })
  const shown = [...new Set(rows.map(({ id }) => id))].slice(0, 200)
  return {
    id: 'estimates',
    items: [
      { mime: MIME.chart, json: { ...chart, triplets: tripletsOf(table, shown), columns: table.columns } },
      { mime: 'text/plain', text: `${chart.title}. ${chart.description}` },
    ],
  }
}
