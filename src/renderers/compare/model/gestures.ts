import type { Comparison } from './comparison.ts'
import { findingAt, keysOf } from './findings.ts'
import { modeOf } from './modes.ts'
import type { Region } from './state.ts'
import { type Point, toFrame } from './view.ts'

/** What the pointers down on a pane are doing. */
type Gesture = { kind: 'pan' } | { kind: 'split' } | { kind: 'crop'; from: Point }

/** CSS px around the divider that take hold of it. */
const GRIP = 12

export interface Gestures {
  down(event: PointerEvent): void
  move(event: PointerEvent): void
  up(event: PointerEvent): void
  leave(): void
  /** @param focused whether the images have the focus; the wheel alone scrolls the page until then */
  wheel(event: WheelEvent, focused: boolean): void
  twice(event: MouseEvent): void
}

/** Pointer, pinch and wheel on the panes of a comparison. */
export function createGestures(comparison: Comparison): Gestures {
  const pointers = new Map<number, Point>()
  let gesture: Gesture | undefined

  const locate = (event: MouseEvent): Point => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const frameAt = (at: Point) =>
    toFrame(comparison.motion.get().view, comparison.frame(), comparison.pane(), at)
  const attend = (at: Point, pane: string | undefined) => {
    const state = comparison.state.get()
    const images = comparison.images()
    const { width, height } = comparison.frame()
    const layers = modeOf(state)
      .panes(state, images)
      .flatMap(({ id, layers }) => (id === pane ? layers : []))
    const shown = new Set(state.findings ? keysOf(layers) : [])
    const { x, y } = frameAt(at)
    const finding = findingAt(images, shown, { x: x / width, y: y / height })
    const known = comparison.attention.get().finding
    if (finding?.key !== known?.key || finding?.index !== known?.index) comparison.attention.set({ finding })
  }
  const nearSplit = (at: Point) =>
    comparison.state.get().mode === 'swipe' &&
    Math.abs(at.x - comparison.motion.get().split * comparison.pane().width) <= GRIP

  const pinch = (id: number, to: Point) => {
    const other = [...pointers].find(([key]) => key !== id)![1]
    const from = pointers.get(id)!
    const spread = (point: Point) => Math.hypot(point.x - other.x, point.y - other.y) || 1
    const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 }
    comparison.pan((to.x - from.x) / 2, (to.y - from.y) / 2)
    comparison.zoom(spread(to) / spread(from), middle)
  }

  return {
    down(event) {
      if (event.button !== 0) return
      const at = locate(event)
      const pane = event.currentTarget as HTMLElement
      pane.setPointerCapture(event.pointerId)
      pointers.set(event.pointerId, at)
      if (pointers.size > 1) return
      if (nearSplit(at)) gesture = { kind: 'split' }
      else if (comparison.state.get().crop && !event.shiftKey) gesture = { kind: 'crop', from: frameAt(at) }
      else gesture = { kind: 'pan' }
    },
    move(event) {
      const at = locate(event)
      const from = pointers.get(event.pointerId)
      if (!from) {
        const pane = event.currentTarget as HTMLElement
        pane.style.cursor = nearSplit(at) ? 'col-resize' : ''
        attend(at, pane.dataset.pane)
        return comparison.probe(frameAt(at))
      }
      if (pointers.size > 1) pinch(event.pointerId, at)
      else if (gesture?.kind === 'split') {
        comparison.motion.set({ split: Math.max(0, Math.min(1, at.x / comparison.pane().width)) })
      } else if (gesture?.kind === 'crop') {
        comparison.state.set({ crop: regionBetween(gesture.from, frameAt(at), comparison.frame()) })
      } else comparison.pan(at.x - from.x, at.y - from.y)
      pointers.set(event.pointerId, at)
      comparison.probe(frameAt(at))
    },
    up(event) {
      pointers.delete(event.pointerId)
      if (pointers.size === 0) gesture = undefined
    },
    leave() {
      comparison.attention.set({ finding: null })
      if (pointers.size === 0 && !comparison.state.get().loupe) comparison.probe(null)
    },
    wheel(event, focused) {
      if (!focused && !event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      // Pixels, lines or pages; a notch of a mouse wheel is about 100 px.
      const pixels = event.deltaY * [1, 16, 400][event.deltaMode]
      comparison.zoom(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002)), locate(event))
    },
    twice(event) {
      const { view } = comparison.motion.get()
      if (view.zoom !== 'fit') return comparison.setView({ zoom: 'fit', x: 0.5, y: 0.5 })
      comparison.zoom(4, locate(event))
    },
  }
}

/** The rectangle of whole pixels between two points, at least one pixel, inside of the frame. */
export function regionBetween(a: Point, b: Point, frame: { width: number; height: number }): Region {
  const span = (from: number, to: number, length: number) => {
    const low = Math.max(0, Math.min(length - 1, Math.floor(Math.min(from, to))))
    const high = Math.max(low + 1, Math.min(length, Math.ceil(Math.max(from, to))))
    return [low, high - low]
  }
  const [x, width] = span(a.x, b.x, frame.width)
  const [y, height] = span(a.y, b.y, frame.height)
  return { x, y, width, height }
}
