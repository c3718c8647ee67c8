import { useState } from 'preact/hooks'
import type { ColumnInfo } from '../../kernel/protocol/mime.ts'
import type { Services } from '../shared/activate.tsx'
import type { Lease } from '../shared/pictures/pictures.ts'
import { copyImage, fileName, saveFile } from '../shared/save.ts'
import { Button, Select } from '../shared/ui/controls.tsx'
import { shorten } from '../shared/ui/numbers.ts'
import { useStore } from '../shared/ui/store.ts'
import { useAction } from '../shared/ui/use-action.tsx'
import type { Comparison } from './model/comparison.ts'
import { modeOf } from './model/modes.ts'
import type { Region } from './model/state.ts'
import { type FigureOptions, type FigurePart, figurePng, figureSvg } from './pixels/figure.ts'
import { sceneOf, slotOf, wantsOf } from './pixels/scene.ts'
import { showValue } from './values.tsx'

const MAGNIFICATIONS = [1, 2, 3, 4, 6, 8]
/** A crop is enlarged to about this width of px in a figure, unless asked otherwise. */
const USUAL_WIDTH = 256

/** The same region of the images as one labelled figure: chosen by dragging or by numbers, copied or saved. */
export function Crop(props: { comparison: Comparison; services: Services; columns: readonly ColumnInfo[] }) {
  const { comparison, services, columns } = props
  const state = useStore(comparison.state, value => value)
  const [chosen, setChosen] = useState<number | undefined>()
  const [overview, setOverview] = useState(false)
  const [all, setAll] = useState(false)
  const [values, setValues] = useState(true)
  const { run, status } = useAction()
  const region = state.crop
  if (!region) return null

  const frame = comparison.frame()
  const usual = MAGNIFICATIONS.findLast(value => value * region.width <= USUAL_WIDTH) ?? 1
  const magnification = chosen ?? usual
  const make = async (format: typeof figurePng) => {
    const options: FigureOptions = { frame, region, magnification, smooth: state.smooth, overview }
    const { parts, leases } = await partsOf(comparison, services, all, values ? columns : [])
    try {
      return await format(parts, options)
    } finally {
      for (const lease of leases) lease.release()
    }
  }
  const name = `${comparison.triplet().id}-${region.x}-${region.y}`
  const png = () => make(figurePng)
  const set = (patch: Partial<Region>) => {
    const next = { ...region, ...patch }
    const width = Math.max(1, Math.min(frame.width, next.width))
    const height = Math.max(1, Math.min(frame.height, next.height))
    const x = Math.max(0, Math.min(frame.width - width, next.x))
    const y = Math.max(0, Math.min(frame.height - height, next.y))
    comparison.state.set({ crop: { x, y, width, height } })
  }

  return (
    <section class="m-toolbar compare-crop" aria-label="Figure of a crop">
      <div class="m-group">
        <Pixels label="x" value={region.x} onChange={x => set({ x })} />
        <Pixels label="y" value={region.y} onChange={y => set({ y })} />
        <Pixels label="width" value={region.width} onChange={width => set({ width })} />
        <Pixels label="height" value={region.height} onChange={height => set({ height })} />
      </div>
      <Select
        label="Enlarged"
        value={String(magnification)}
        options={MAGNIFICATIONS.map(value => ({ value: String(value), label: `× ${value}` }))}
        onChange={value => setChosen(Number(value))}
      />
      <Check label="All images" value={all} onChange={setAll} />
      <Check label="Numbers" value={values} onChange={setValues} />
      <Check label="Overview" value={overview} onChange={setOverview} />
      <div class="m-group">
        <Button
          icon="copy"
          label="Copy the figure as PNG"
          onPress={() => run(async () => copyImage(await png()), 'Copied')}
        >
          Copy
        </Button>
        <Button
          icon="save"
          label="Save the figure as PNG"
          onPress={() =>
            run(async () => saveFile(services.host, fileName(name, 'png'), await png()), 'Saved')
          }
        >
          PNG
        </Button>
        <Button
          icon="save"
          label="Save the figure as SVG"
          onPress={() =>
            run(async () => saveFile(services.host, fileName(name, 'svg'), await make(figureSvg)), 'Saved')
          }
        >
          SVG
        </Button>
        <Button
          icon="close"
          label="End the crop"
          keys="Escape"
          onPress={() => comparison.state.set({ crop: null })}
        />
      </div>
      {status}
    </section>
  )
}

/** What the figure shows: the images in the panes (or all), and the difference map where that is looked at. */
async function partsOf(
  comparison: Comparison,
  { pictures }: Services,
  all: boolean,
  columns: readonly ColumnInfo[],
): Promise<{ parts: FigurePart[]; leases: Lease[] }> {
  const state = comparison.state.get()
  const images = comparison.images()
  const panes = modeOf(state).panes(state, images)
  const layers = panes.flatMap(pane => pane.layers.map(layer => ({ layer, pane })))
  const shown = new Set(
    layers.flatMap(({ layer }) => (layer.kind === 'image' ? [layer.key] : [layer.a, layer.b])),
  )
  const difference = layers.find(({ layer }) => layer.kind === 'difference')
  const wants = wantsOf(
    sceneOf({ ...state, loupe: true }, comparison.motion.get(), images, comparison.frame()),
  )
  const chosen = images
    .filter(image => all || shown.has(image.key))
    .map(image => ({
      label: shorten(image.label, 40),
      note: columns
        .filter(column => typeof image.values[column.name] === 'number')
        .map(column => `${column.name} ${showValue(image, images, column)}`)
        .join('  '),
      want: wants.get(slotOf.image(image.key))!,
    }))
  const map = difference && wants.get(slotOf.difference)
  if (map) chosen.push({ label: shorten(difference.pane.label, 40), note: '', want: map })

  const leases = chosen.map(({ want }) => want.open(pictures))
  try {
    const found = await Promise.all(leases.map(lease => lease.picture))
    return { leases, parts: chosen.map(({ label, note }, i) => ({ label, note, picture: found[i] })) }
  } catch (error) {
    for (const lease of leases) lease.release()
    throw error
  }
}

function Pixels({
  label,
  value,
  onChange,
}: {
  label: string
  value: number
  onChange: (value: number) => void
}) {
  return (
    <label class="m-field">
      {label}
      <input
        class="m-input compare-pixels"
        type="number"
        min={0}
        step={1}
        value={value}
        onChange={event => {
          const { valueAsNumber } = event.currentTarget
          if (Number.isFinite(valueAsNumber)) onChange(Math.round(valueAsNumber))
        }}
      />
    </label>
  )
}

function Check({
  label,
  value,
  onChange,
}: {
  label: string
  value: boolean
  onChange: (value: boolean) => void
}) {
  return (
    <label class="m-field">
      <input type="checkbox" checked={value} onChange={event => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  )
}
