import { distributionChart } from '../../charts/distribution.ts'
import { type ForestRow, forestChart } from '../../charts/forest.ts'
import { matrixChart } from '../../charts/matrix.ts'
import { rankPlot } from '../../charts/rank-plot.ts'
import { scatterChart } from '../../charts/scatter.ts'
import { type PointDatum, signed } from '../../charts/theme.ts'
import type { Output } from '../../protocol/messages.ts'
import { type ChartLink, type ChartPayload, MIME } from '../../protocol/mime.ts'
import { type Column, sampleOf } from '../../stats/analysis/sample.ts'
import { spearman } from '../../stats/correlation/spearman.ts'
import { fitLine } from '../../stats/fits/line.ts'
import { clusterBy } from '../../stats/resampling/clusters.ts'
import type { StudyTable } from '../../value.ts'
import { namedColumn } from '../columns.ts'
import { tripletsOf } from '../payloads.ts'
import type { Analysis, ViewRelation } from './analyse.ts'
import type { CorrelateParams } from './params.ts'

/** Points of one chart; a larger table is thinned evenly, and the chart says so. */
const POINTS = 2000
/** Points of all charts behind a matrix or forest together. */
const DETAIL_POINTS = 20_000

/** All charts of the cell. */
export function correlationCharts(
  table: StudyTable,
  analysis: Analysis,
  params: CorrelateParams,
  seed: number,
): Output[] {
  const { xs, ys, relations, standings } = analysis
  const methods = [...new Set(table.rows.flatMap(row => row.method ?? []))]
  const make = plotter(table, params, seed, methods)
  const perDetail = Math.max(50, Math.min(POINTS, Math.floor(DETAIL_POINTS / Math.max(1, relations.length))))
  const known = relations.filter(relation => relation.srcc.value !== null)
  const details = Object.fromEntries(
    known.map(relation => [keyOf(relation), make.scatter(relation, { points: perDetail, band: false })]),
  )
  const [main] = [...known.filter(({ view }) => view === analysis.views[0])].sort(
    (a, b) => Math.abs(b.srcc.value!) - Math.abs(a.srcc.value!),
  )
  const several = xs.length + ys.length > 2
  const names = [...new Set([...ys, ...xs].map(({ name }) => name))]
  const charts: [string, ChartPayload][] = []
  if (main) charts.push(['scatter', make.linked(make.scatter(main, { points: POINTS, band: true }))])
  if (several && main) charts.push(['matrix', make.linked(matrix(analysis, table, names, details))])
  if (known.length > 1) charts.push(['forest', make.linked(forest(analysis, known, details, params))])
  if (methods.length > 1) {
    for (const y of ys) {
      const values = make.thinned(y, methods)
      if (values.length > 0)
        charts.push([
          `distribution-${y.name}`,
          make.linked(distributionChart(namedColumn(table, y.name), methods, values, make.links)),
        ])
    }
    const ranked = names.filter(name => standings.some(({ column }) => column === name))
    if (ranked.length > 0) charts.push(['ranks', rankPlot('Methods by mean', ranked, methods, standings)])
  }
  return charts.map(([id, payload]) => ({
    id,
    items: [
      { mime: MIME.chart, json: payload },
      { mime: 'text/plain', text: `${payload.title}. ${payload.description}` },
    ],
  }))
}

const keyOf = ({ view, x, y }: ViewRelation) => `${view.name} | ${x} | ${y}`

function plotter(table: StudyTable, { level, bootstrap }: CorrelateParams, seed: number, methods: string[]) {
  const images = clusterBy(table.rows.map(row => row.id))
  const links = table.rows.map(
    ({ id, method, images: { sr } }): ChartLink => ({
      id,
      method,
      ...(sr?.thumb && { thumb: sr.thumb }),
    }),
  )
  const named = (name: string) => namedColumn(table, name)
  const columns = new Map<string, Column>()
  const columnOf = (name: string): Column => {
    const values = () => Float64Array.from(table.rows, row => Number(row.values[name] ?? Number.NaN))
    if (!columns.has(name)) columns.set(name, { name, values: values() })
    return columns.get(name)!
  }
  return {
    links,
    /** Gives a chart the links of its points, and the images behind the linked rows. */
    linked(payload: ChartPayload): ChartPayload {
      const shown =
        table.rows.length <= POINTS ? undefined : [...new Set(table.rows.map(row => row.id))].slice(0, 200)
      return { ...payload, links, triplets: tripletsOf(table, shown), columns: table.columns }
    },
    scatter(relation: ViewRelation, { points, band }: { points: number; band: boolean }): ChartPayload {
      const [x, y] = [columnOf(relation.x), columnOf(relation.y)]
      const sample = sampleOf(relation.view, [x, y], images)
      const [valuesX, valuesY] = [sample.take(x), sample.take(y)]
      const stride = Math.ceil(sample.rows.length / points)
      const data = Array.from(sample.rows, (row, k): PointDatum => {
        const { id, method } = table.rows[row]
        return { _row: row, id, method: method ?? 'none', x: valuesX[k], y: valuesY[k] }
      }).filter((_, k) => k % stride === 0)
      const centred = relation.view.kind === 'within-image' ? ', less the mean of the image' : ''
      const thinned = stride > 1 ? ` Every ${stride}th point is drawn.` : ''
      return scatterChart({
        title: `${named(relation.y)} and ${named(relation.x)} (${relation.view.name})`,
        subtitle: `${described(relation)}.${thinned}`,
        x: `${named(relation.x)}${centred}`,
        y: `${named(relation.y)}${centred}`,
        points: data,
        methods,
        line: fitLine(valuesX, valuesY, sample.clusters, { draws: band ? bootstrap : 0, level, seed }),
      })
    },
    thinned({ values }: Column, known: readonly string[]) {
      const rows = table.rows.flatMap(({ id, method }, row) =>
        method !== null && known.includes(method) && Number.isFinite(values[row])
          ? [{ _row: row, id, method, value: values[row] }]
          : [],
      )
      const stride = Math.ceil(rows.length / POINTS)
      return rows.filter((_, k) => k % stride === 0)
    },
  }
}

function described({ srcc, rows, images }: ViewRelation): string {
  const interval =
    srcc.low === null || srcc.high === null ? '' : ` [${signed(srcc.low)}, ${signed(srcc.high)}]`
  return `SRCC ${signed(srcc.value!)}${interval}, ${rows} rows of ${images} images`
}

/** Correlations of all columns with each other in the first view. */
function matrix(
  { views: [view], relations, xs, ys }: Analysis,
  table: StudyTable,
  names: string[],
  details: Record<string, ChartPayload>,
): ChartPayload {
  const images = clusterBy(table.rows.map(row => row.id))
  const columns = new Map([...xs, ...ys].map(column => [column.name, column]))
  const cells = names.flatMap((row, r) =>
    names.flatMap((column, c) => {
      if (c > r) return []
      const [a, b] = [columns.get(row)!, columns.get(column)!]
      const sample = sampleOf(view, [a, b], images)
      const value = spearman(sample.take(a), sample.take(b))
      const related = relations.find(
        other =>
          other.view === view &&
          ((other.x === row && other.y === column) || (other.x === column && other.y === row)),
      )
      const detail = related && keyOf(related)
      return [
        {
          row,
          column,
          value: Number.isNaN(value) ? null : value,
          rows: sample.rows.length,
          ...(detail && details[detail] && { detail }),
        },
      ]
    }),
  )
  return matrixChart(`Correlation matrix (${view.name})`, names, cells, details)
}

function forest(
  { xs, ys }: Analysis,
  relations: readonly ViewRelation[],
  details: Record<string, ChartPayload>,
  { level, given }: CorrelateParams,
): ChartPayload {
  const label = ({ x, y }: { x: string; y: string }) => (ys.length > 1 ? `${x} with ${y}` : x)
  const labels = ys.flatMap(y => xs.map(x => label({ x: x.name, y: y.name })))
  const rows = relations.map(
    (relation): ForestRow => ({
      view: relation.view.name,
      label: label(relation),
      value: relation.srcc.value!,
      low: relation.srcc.low,
      high: relation.srcc.high,
      rows: relation.rows,
      images: relation.images,
      detail: keyOf(relation),
    }),
  )
  const with_ = ys.map(({ name }) => name).join(', ')
  const partial = given === undefined ? '' : `, given ${[given].flat().join(', ')}`
  return forestChart(
    `SRCC with ${with_}${partial}, ${Math.round(100 * level)} % intervals`,
    labels,
    rows,
    details,
  )
}
