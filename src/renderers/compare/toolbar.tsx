import { Button, Segments, Select } from '../shared/ui/controls.tsx'
import { shorten } from '../shared/ui/numbers.ts'
import { useStore } from '../shared/ui/store.ts'
import type { Comparison } from './model/comparison.ts'
import { setScale, toggleCrop } from './model/keys.ts'
import { MODES } from './model/modes.ts'
import { FIT, scaleOf } from './model/view.ts'

/** Longer lists are walked with the buttons: a menu of thousands helps nobody. */
const LONGEST_MENU = 300

export function Toolbar({ comparison }: { comparison: Comparison }) {
  const state = useStore(comparison.state, value => value)
  const triplets = comparison.triplets()
  const overlays = overlaysOf(comparison)
  const hasFindings = comparison.images().some(image => image.findings?.length)
  return (
    <div class="m-toolbar" role="toolbar" aria-label="Comparison">
      {triplets.length > 1 && (
        <div class="m-group">
          <Button
            icon="previous"
            label="Previous triplet"
            keys="PageUp"
            disabled={state.triplet === 0}
            onPress={() => comparison.go(state.triplet - 1)}
          />
          {triplets.length <= LONGEST_MENU ? (
            <Select
              label="Triplet"
              hideLabel
              value={String(state.triplet)}
              options={triplets.map(({ id }, i) => ({ value: String(i), label: shorten(id) }))}
              onChange={value => comparison.go(Number(value))}
            />
          ) : (
            <span class="compare-id">{shorten(comparison.triplet().id)}</span>
          )}
          <Button
            icon="next"
            label="Next triplet"
            keys="PageDown"
            disabled={state.triplet === triplets.length - 1}
            onPress={() => comparison.go(state.triplet + 1)}
          />
          <span class="m-muted m-count">
            {state.triplet + 1} / {triplets.length}
          </span>
        </div>
      )}
      <Segments
        label="Way of comparing"
        value={state.mode}
        options={MODES.map(mode => ({
          value: mode.name,
          label: mode.label,
          icon: mode.icon,
          keys: mode.key,
        }))}
        onChange={mode => comparison.state.set({ mode })}
      />
      <div class="m-group">
        <Button icon="minus" label="Zoom out" keys="-" onPress={() => comparison.zoom(1 / 1.5)} />
        <Zoom comparison={comparison} />
        <Button icon="plus" label="Zoom in" keys="+" onPress={() => comparison.zoom(1.5)} />
        <Button icon="fit" label="Fit" keys="f" onPress={() => comparison.setView(FIT)} />
        <Button
          icon="pixels"
          label="Exact pixels"
          keys="n"
          pressed={!state.smooth}
          onPress={() => comparison.state.set({ smooth: !state.smooth })}
        />
      </div>
      <div class="m-group">
        <Button
          icon="loupe"
          label="Loupe"
          keys="l"
          pressed={state.loupe}
          onPress={() => comparison.state.set({ loupe: !state.loupe })}
        />
        <Button
          icon="ruler"
          label="Rulers"
          keys="r"
          pressed={state.rulers}
          onPress={() => comparison.state.set({ rulers: !state.rulers })}
        />
        <Button
          icon="crop"
          label="Crop a figure"
          keys="c"
          pressed={state.crop !== null}
          onPress={() => toggleCrop(comparison)}
        />
        {hasFindings && (
          <Button
            icon="boxes"
            label="Findings of the judge"
            keys="j"
            pressed={state.findings}
            onPress={() => comparison.state.set({ findings: !state.findings })}
          />
        )}
        {overlays.length > 0 && (
          <Select
            label="Overlay"
            hideLabel
            value={state.overlay}
            options={[{ value: '', label: 'No overlay' }, ...overlays]}
            onChange={overlay => comparison.state.set({ overlay })}
          />
        )}
      </div>
      <span class="m-spring" />
      <Button
        icon="help"
        label="Keys"
        keys="?"
        pressed={state.help}
        onPress={() => comparison.state.set({ help: !state.help })}
      />
    </div>
  )
}

/** The zoom in percent; pressing it shows one image pixel per screen pixel. */
function Zoom({ comparison }: { comparison: Comparison }) {
  useStore(comparison.stage, stage => stage.width)
  const percent = useStore(comparison.motion, ({ view }) =>
    Math.round(100 * scaleOf(view, comparison.frame(), comparison.pane())),
  )
  return (
    <Button label={`Zoom ${percent} %; press for 100 %`} keys="z" onPress={() => setScale(comparison, 1)}>
      <span class="m-number compare-zoom">{percent} %</span>
    </Button>
  )
}

function overlaysOf(comparison: Comparison): { value: string; label: string }[] {
  const found = new Map<string, string>()
  for (const image of comparison.images())
    for (const { name, label } of image.overlays ?? []) found.set(name, label)
  return [...found].map(([value, label]) => ({ value, label }))
}
