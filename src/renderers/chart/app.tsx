import { useMemo, useState } from 'preact/hooks'
import type { View } from 'vega'
import type { ChartLink, ChartPayload } from '../../kernel/protocol/mime.ts'
import { Compare } from '../compare/app.tsx'
import type { Services, ViewProps } from '../shared/activate.tsx'
import { announceRows } from '../shared/rows.ts'
import { copyImage, fileName, saveFile } from '../shared/save.ts'
import { Button } from '../shared/ui/controls.tsx'
import { useAction } from '../shared/ui/use-action.tsx'
import { exportChart, toPng, toSvg } from './export.ts'
import { fieldTitles } from './fields.ts'
import { Interaction } from './interact.tsx'
import { useDrawing } from './plot.tsx'
import { takeTitle } from './title.ts'

export interface RememberedChart {
  paper: boolean
  /** Names of the charts opened one from another. */
  path: string[]
  /** Rows taken in the chart that is open. */
  selected: number[]
}

const OPENING: RememberedChart = { paper: false, path: [], selected: [] }
/** One and the same in every rendering. */
const NO_LINKS: readonly ChartLink[] = []

/** A chart, the charts behind its marks, and the images behind its points. */
export function ChartView({
  payload,
  services,
  remembered,
  remember,
}: ViewProps<ChartPayload, RememberedChart>) {
  const [state, setState] = useState<RememberedChart>({ ...OPENING, ...remembered })
  const update = (patch: Partial<RememberedChart>) => {
    const next = { ...state, ...patch }
    setState(next)
    remember(next)
  }
  const path = openCharts(payload, state.path)
  const chart = path.at(-1)!
  const links = chart.links ?? NO_LINKS
  const selected = useMemo(
    () => new Set(state.selected.filter(row => row < links.length)),
    [state.selected, links],
  )
  // Announced only where a person changes it: a chart that scrolls into sight must not undo what was taken in another.
  const select = (rows: number[]) => {
    update({ selected: rows })
    announceRows(rows.flatMap(row => links[row] ?? []))
  }
  const go = (path: string[]) => {
    update({ path, selected: [] })
    if (selected.size > 0) announceRows([])
  }

  return (
    <div class="chart">
      <SingleChart
        key={state.path.join('/')}
        chart={chart}
        services={services}
        paper={state.paper}
        selected={selected}
        onPaper={paper => update({ paper })}
        onBack={path.length > 1 ? () => go(state.path.slice(0, path.length - 2)) : undefined}
        onOpen={name => go([...state.path.slice(0, path.length - 1), name])}
        onSelect={(rows, add) => select(add ? toggle(state.selected, rows) : rows)}
      />
      <Selected chart={chart} root={payload} rows={selected} services={services} />
    </div>
  )
}

/** From the first chart to the one that is open; a name that is not there ends the walk. */
function openCharts(payload: ChartPayload, names: readonly string[]): ChartPayload[] {
  const path = [payload]
  for (const name of names) {
    const next = path.at(-1)!.details?.[name]
    if (!next) break
    path.push(next)
  }
  return path
}

/** Adds rows; those that were all there already are taken away. */
function toggle(selected: readonly number[], rows: readonly number[]): number[] {
  const all = rows.every(row => selected.includes(row))
  return all ? selected.filter(row => !rows.includes(row)) : [...new Set([...selected, ...rows])]
}

function SingleChart(props: {
  chart: ChartPayload
  services: Services
  paper: boolean
  selected: ReadonlySet<number>
  onPaper: (paper: boolean) => void
  onBack: (() => void) | undefined
  onOpen: (chart: string) => void
  onSelect: (rows: number[], add: boolean) => void
}) {
  const { chart, services, paper, selected, onPaper, onBack, onOpen, onSelect } = props
  const { spec, subtitle } = useMemo(() => takeTitle(chart.spec), [chart.spec])
  const titles = useMemo(() => fieldTitles(chart.spec), [chart.spec])
  const { element, drawing, failure } = useDrawing(spec, paper)
  const exported = <T,>(write: (view: View) => Promise<T>) =>
    exportChart(chart.spec, element.current!, paper, write)
  const { run, status } = useAction()
  const label = [chart.title, chart.description].filter(Boolean).join('. ')
  return (
    <section aria-label={chart.title}>
      <div class="m-toolbar">
        {onBack && <Button icon="back" label="Back" onPress={onBack} />}
        <span class="chart-title">
          {chart.title}
          {subtitle && <span class="m-muted"> {subtitle}</span>}
        </span>
        {status}
        <div class="m-group">
          <Button
            icon="paper"
            label="Black on white, as in a paper"
            pressed={paper}
            onPress={() => onPaper(!paper)}
          />
          <Button
            icon="copy"
            label="Copy as PNG"
            disabled={!drawing}
            onPress={() => run(async () => copyImage(await exported(toPng)), 'Copied')}
          />
          <Button
            icon="save"
            label="Save as PNG"
            disabled={!drawing}
            onPress={() =>
              run(
                async () => saveFile(services.host, fileName(chart.title, 'png'), await exported(toPng)),
                'Saved',
              )
            }
          >
            PNG
          </Button>
          <Button
            icon="save"
            label="Save as SVG"
            disabled={!drawing}
            onPress={() =>
              run(
                async () => saveFile(services.host, fileName(chart.title, 'svg'), await exported(toSvg)),
                'Saved',
              )
            }
          >
            SVG
          </Button>
        </div>
      </div>
      <div class="chart-room" data-paper={paper ? '' : undefined}>
        <Interaction
          drawing={drawing}
          label={label}
          titles={titles}
          links={chart.links ?? NO_LINKS}
          selected={selected}
          pictures={services.pictures}
          onSelect={onSelect}
          onOpen={name => chart.details?.[name] && onOpen(name)}
        >
          <div class="chart-plot" ref={element} />
        </Interaction>
      </div>
      {failure !== undefined && (
        <p class="m-message m-error" role="alert">
          This chart cannot be drawn: {failure} {chart.description}
        </p>
      )}
    </section>
  )
}

/** The triplets of the selected points, one after another in a comparison. */
function Selected(props: {
  chart: ChartPayload
  root: ChartPayload
  rows: ReadonlySet<number>
  services: Services
}) {
  const { chart, root, rows, services } = props
  const ids = useMemo(() => new Set([...rows].map(row => chart.links![row].id)), [chart, rows])
  const methods = useMemo(
    () => [...new Set([...rows].flatMap(row => chart.links![row].method ?? []))],
    [chart, rows],
  )
  const triplets = chart.triplets ?? root.triplets
  const columns = chart.columns ?? root.columns
  const payload = useMemo(
    () => ({
      columns: columns ?? [],
      triplets: (triplets ?? []).filter(({ id, images }) => ids.has(id) && images.length > 0),
    }),
    [ids, triplets, columns],
  )
  if (rows.size === 0) return null
  return (
    <section aria-label="Selected points">
      <p class="chart-count m-muted">
        {rows.size} selected {rows.size === 1 ? 'point' : 'points'} of {ids.size}{' '}
        {ids.size === 1 ? 'image' : 'images'}
      </p>
      {payload.triplets.length > 0 && (
        <Compare payload={payload} services={services} remembered={undefined} methods={methods} />
      )}
    </section>
  )
}
