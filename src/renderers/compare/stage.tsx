import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ColumnInfo } from '../../kernel/protocol/mime.ts'
import type { Pictures } from '../shared/pictures/pictures.ts'
import { createSlots, type Slots } from '../shared/pictures/slots.ts'
import { useStore } from '../shared/ui/store.ts'
import { readTheme, type Theme, watchTheme } from '../shared/ui/theme.ts'
import type { Comparison } from './model/comparison.ts'
import { createGestures, type Gestures } from './model/gestures.ts'
import { pressKey } from './model/keys.ts'
import { layoutPanes, PANE_GAP } from './model/layout.ts'
import { modeOf, type Pane } from './model/modes.ts'
import { paintPane } from './pixels/paint.ts'
import { type Scene, sceneOf, slotOf, wantsOf } from './pixels/scene.ts'
import { Values } from './values.tsx'

/**
 * The panes. Each image is a `canvas[data-role][data-method][data-state]` of class `mirage-pane-canvas`; canvases of
 * two images have `data-role="swipe"`, `onion` or `difference`.
 */
export function Stage({
  comparison,
  pictures,
  columns,
}: {
  comparison: Comparison
  pictures: Pictures
  columns: ColumnInfo[]
}) {
  const root = useRef<HTMLDivElement>(null)
  const state = useStore(comparison.state, value => value)
  const width = useStore(comparison.stage, value => value.width)
  const failures = useFailures(comparison, pictures, root)
  const gestures = useMemo(() => createGestures(comparison), [comparison])
  const images = comparison.images()
  const mode = modeOf(state)
  const panes = mode.panes(state, images)
  const { columns: across, pane: size } = layoutPanes(panes.length, comparison.frame(), width || 800)

  useLayoutEffect(() => {
    const element = root.current!
    const observer = new ResizeObserver(() => comparison.stage.set({ width: element.clientWidth }))
    comparison.stage.set({ width: element.clientWidth })
    observer.observe(element)
    return () => observer.disconnect()
  }, [comparison])

  return (
    <div
      ref={root}
      class="compare-stage"
      role="application"
      tabIndex={0}
      aria-label={`Images of ${comparison.triplet().id}, ${mode.label.toLowerCase()}. Press question mark for keys.`}
      style={{ gridTemplateColumns: `repeat(${across}, ${size.width}px)`, gap: `${PANE_GAP}px` }}
      onKeyDown={event => {
        if (!pressKey(comparison, event)) return
        event.preventDefault()
        event.stopPropagation()
      }}
    >
      {panes.map(pane => (
        <figure class="compare-pane" key={pane.id}>
          <figcaption class="compare-caption">
            <span class="compare-label" title={pane.label}>
              {pane.label}
            </span>
          </figcaption>
          <PaneCanvas pane={pane} size={size} comparison={comparison} gestures={gestures} focusRoot={root} />
          <Values
            image={images.find(image => image.key === pane.subject)}
            images={images}
            columns={columns}
            width={size.width}
          />
          {failureOf(pane, failures) !== undefined && (
            <p class="compare-failure m-message m-error">
              {pane.label}: {failureOf(pane, failures)}
            </p>
          )}
        </figure>
      ))}
    </div>
  )
}

function PaneCanvas(props: {
  pane: Pane
  size: { width: number; height: number }
  comparison: Comparison
  gestures: Gestures
  focusRoot: { current: HTMLElement | null }
}) {
  const { pane, size, comparison, gestures, focusRoot } = props
  const subject = comparison.images().find(image => image.key === pane.subject)
  return (
    <canvas
      class="mirage-pane-canvas"
      role="img"
      aria-label={`${pane.label}, ${comparison.triplet().id}`}
      data-pane={pane.id}
      data-role={subject?.role ?? pane.id}
      data-method={subject?.method}
      style={{ width: `${size.width}px`, height: `${size.height}px` }}
      onPointerDown={event => {
        focusRoot.current?.focus({ preventScroll: true })
        gestures.down(event)
      }}
      onPointerMove={gestures.move}
      onPointerUp={gestures.up}
      onPointerCancel={gestures.up}
      onPointerLeave={gestures.leave}
      onDblClick={gestures.twice}
      onWheel={event => gestures.wheel(event, focusRoot.current?.contains(document.activeElement) === true)}
    />
  )
}

const slotsOf = (pane: Pane) =>
  pane.layers.map(layer => (layer.kind === 'image' ? slotOf.image(layer.key) : slotOf.difference))

function failureOf(pane: Pane, failures: Record<string, string>): string | undefined {
  return slotsOf(pane)
    .map(slot => failures[slot])
    .find(Boolean)
}

/** Paints the stage's canvases whenever anything changes, once per frame. @returns reasons by slot */
function useFailures(
  comparison: Comparison,
  pictures: Pictures,
  root: { current: HTMLElement | null },
): Record<string, string> {
  const [failures, setFailures] = useState<Record<string, string>>({})
  useEffect(() => {
    const element = root.current!
    let frame = 0
    let theme: Theme = readTheme(element)
    const schedule = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0
        paintStage(element, comparison, slots, theme)
      })
    }
    let reported = '{}'
    const report = () => {
      const found = failuresOf(currentScene(comparison), slots)
      if (JSON.stringify(found) === reported) return
      reported = JSON.stringify(found)
      setFailures(found)
    }
    const slots = createSlots(pictures, () => {
      report()
      schedule()
    })
    const refresh = () => {
      slots.want(wantsOf(currentScene(comparison)))
      report()
      schedule()
    }
    let { finding } = comparison.attention.get()
    const attend = () => {
      const { loupe, rulers } = comparison.state.get()
      const next = comparison.attention.get().finding
      if (loupe || rulers || next !== finding) schedule()
      finding = next
    }
    const ends = [
      comparison.state.subscribe(refresh),
      comparison.motion.subscribe(schedule),
      comparison.attention.subscribe(attend),
      comparison.stage.subscribe(schedule),
      watchTheme(document, () => {
        theme = readTheme(element)
        schedule()
      }),
    ]
    refresh()
    return () => {
      cancelAnimationFrame(frame)
      for (const end of ends) end()
      slots.dispose()
    }
  }, [comparison, pictures, root])
  return failures
}

function currentScene(comparison: Comparison): Scene {
  return sceneOf(comparison.state.get(), comparison.motion.get(), comparison.images(), comparison.frame())
}

function failuresOf(scene: Scene, slots: Slots): Record<string, string> {
  const names = scene.panes.flatMap(slotsOf)
  return Object.fromEntries(
    names.map(name => [name, slots.failure(name)]).filter(([, reason]) => reason !== undefined),
  )
}

function paintStage(element: HTMLElement, comparison: Comparison, slots: Slots, theme: Theme): void {
  const scene = currentScene(comparison)
  const size = comparison.pane()
  for (const canvas of element.querySelectorAll<HTMLCanvasElement>('canvas.mirage-pane-canvas')) {
    const pane = scene.panes.find(({ id }) => id === canvas.dataset.pane)
    if (!pane) continue
    paintPane({ pane, canvas }, scene, comparison.attention.get(), size, devicePixelRatio, slots, theme)
  }
}
