import { colourMap, cssGradient } from '../shared/ui/colormaps.ts'
import { Button, Segments, Select, Slider } from '../shared/ui/controls.tsx'
import { formatValue, shorten } from '../shared/ui/numbers.ts'
import { useStore } from '../shared/ui/store.ts'
import type { Comparison } from './model/comparison.ts'
import { type Channel, type CompareState, toggleShown } from './model/state.ts'
import { legendRange } from './pixels/difference.ts'
import { ABSOLUTE_MAP, isReversed, OVERLAY_MAP, SIGNED_MAP } from './pixels/scene.ts'

const CHANNELS: { value: Channel; label: string }[] = [
  { value: 'luma', label: 'Luma (BT.601)' },
  { value: 'rgb', label: 'Largest of R, G, B' },
  { value: 'red', label: 'Red' },
  { value: 'green', label: 'Green' },
  { value: 'blue', label: 'Blue' },
]
/** Between updates of the slider while the divider is dragged, in ms. */
const CALM = 120
const GAINS = [1, 2, 4, 8, 16]

/** Which images, and the settings of the present mode. */
export function Options({ comparison }: { comparison: Comparison }) {
  const state = useStore(comparison.state, value => value)
  return (
    <div class="m-toolbar compare-options">
      {state.mode === 'side' ? <Shown comparison={comparison} /> : <Pair comparison={comparison} />}
      {state.mode === 'swipe' && <Split comparison={comparison} />}
      {state.mode === 'onion' && (
        <Slider
          label="Opacity of B"
          value={state.alpha}
          min={0}
          max={1}
          step={0.01}
          text={`${Math.round(state.alpha * 100)} %`}
          onInput={alpha => comparison.state.set({ alpha })}
        />
      )}
      {state.mode === 'blink' && (
        <Button
          icon="blink"
          label="Switch to the other image"
          keys="Space"
          onPress={() => comparison.state.set({ front: state.front === 0 ? 1 : 0 })}
        >
          Switch
        </Button>
      )}
      {state.mode === 'difference' && <Difference comparison={comparison} />}
      {state.overlay !== '' && <OverlayLegend comparison={comparison} />}
    </div>
  )
}

function Shown({ comparison }: { comparison: Comparison }) {
  const state = useStore(comparison.state, value => value)
  const images = comparison.images()
  return (
    <div class="m-segments" role="group" aria-label="Images side by side">
      {images.map((image, i) => (
        <Button
          key={image.key}
          label={shorten(image.label, 28)}
          keys={i < 9 ? String(i + 1) : undefined}
          pressed={state.shown.includes(image.key)}
          onPress={() => comparison.state.set({ shown: toggleShown(state, images, image.key) })}
        >
          <span class="compare-shown" data-number={i + 1}>
            {shorten(image.label, 28)}
          </span>
        </Button>
      ))}
    </div>
  )
}

function Pair({ comparison }: { comparison: Comparison }) {
  const { pair, mode, front } = useStore(comparison.state, value => value)
  const options = comparison.images().map(image => ({ value: image.key, label: shorten(image.label, 28) }))
  const choose = (at: 0 | 1, key: string) => {
    const next: CompareState['pair'] = [...pair]
    // Choosing the other one swaps them: A and B are never the same.
    if (next[1 - at] === key) next[1 - at] = pair[at]
    next[at] = key
    comparison.state.set({ pair: next })
  }
  const name = (letter: string, at: number) =>
    mode === 'blink' && front === at ? `${letter} (shown)` : letter
  return (
    <div class="m-group">
      <Select label={name('A', 0)} value={pair[0]} options={options} onChange={key => choose(0, key)} />
      <Select label={name('B', 1)} value={pair[1]} options={options} onChange={key => choose(1, key)} />
    </div>
  )
}

function Split({ comparison }: { comparison: Comparison }) {
  const split = useStore(comparison.motion, motion => motion.split, CALM)
  return (
    <Slider
      label="Divider"
      value={split}
      min={0}
      max={1}
      step={0.005}
      text={`${Math.round(split * 100)} %`}
      onInput={value => comparison.motion.set({ split: value })}
    />
  )
}

function Difference({ comparison }: { comparison: Comparison }) {
  const { channel, signed, gain } = useStore(comparison.state, value => value)
  const [low, high] = legendRange({ channel, signed, gain })
  return (
    <>
      <Select
        label="Of"
        value={channel}
        options={CHANNELS}
        onChange={value => comparison.state.set({ channel: value as Channel })}
      />
      <Segments
        label="Sign"
        value={signed ? 'signed' : 'absolute'}
        options={[
          { value: 'absolute', label: 'Absolute' },
          { value: 'signed', label: 'Signed' },
        ]}
        onChange={value => comparison.state.set({ signed: value === 'signed' })}
      />
      <Select
        label="Gain"
        value={String(gain)}
        options={GAINS.map(value => ({ value: String(value), label: `× ${value}` }))}
        onChange={value => comparison.state.set({ gain: Number(value) })}
      />
      <Legend map={signed ? SIGNED_MAP : ABSOLUTE_MAP} low={low} high={high} unit="levels of 255" />
    </>
  )
}

function OverlayLegend({ comparison }: { comparison: Comparison }) {
  const { overlay: name, overlayAlpha } = useStore(comparison.state, value => value)
  const overlay = comparison
    .images()
    .flatMap(image => image.overlays ?? [])
    .find(overlay => overlay.name === name)
  if (!overlay) return null
  return (
    <>
      <Slider
        label={shorten(overlay.label, 40)}
        value={overlayAlpha}
        min={0}
        max={1}
        step={0.05}
        text={`${Math.round(overlayAlpha * 100)} %`}
        onInput={value => comparison.state.set({ overlayAlpha: value })}
      />
      <Legend
        map={OVERLAY_MAP}
        reversed={isReversed(overlay)}
        low={overlay.range[0]}
        high={overlay.range[1]}
      />
    </>
  )
}

function Legend(props: {
  map: Parameters<typeof colourMap>[0]
  /** The map's high end stands for the low value. */
  reversed?: boolean
  low: number
  high: number
  unit?: string
}) {
  const { map, reversed = false, low, high, unit } = props
  const ramp = cssGradient(colourMap(map), reversed ? 'to left' : 'to right')
  const [from, middle, to] = [low, (low + high) / 2, high].map(value => formatValue(value))
  return (
    <span class="compare-legend" role="img" aria-label={`Colours from ${from} to ${to} ${unit ?? ''}`}>
      <span class="compare-ramp" style={{ backgroundImage: ramp }} />
      <span class="compare-ticks m-number">
        <span>{from}</span>
        <span>{middle}</span>
        <span>
          {to}
          {unit ? ` ${unit}` : ''}
        </span>
      </span>
    </span>
  )
}
