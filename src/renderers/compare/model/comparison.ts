import type { ComparePayload, CompareTriplet } from '../../../kernel/protocol/mime.ts'
import { createStore, type Store } from '../../shared/ui/store.ts'
import type { Attention } from '../pixels/paint.ts'
import { frameOf, type KeyedImage, keyImages } from './images.ts'
import { layoutPanes } from './layout.ts'
import { modeOf } from './modes.ts'
import { AT_REST, adoptState, type CompareState, type Motion, openingState } from './state.ts'
import { type Point, panBy, type Size, type View, zoomAt } from './view.ts'

/** What is remembered of a comparison. The triplet is named by id, for the list may have changed. */
export interface RememberedComparison {
  id: string
  state: CompareState
  motion: Motion
}

/** One comparison as its parts see it: what is looked at, how, and the moves that change it. */
export interface Comparison {
  readonly state: Store<CompareState>
  readonly motion: Store<Motion>
  readonly attention: Store<Attention>
  /** Width of the stage in CSS px; 0 until it is laid out. */
  readonly stage: Store<{ width: number }>
  triplets(): readonly CompareTriplet[]
  triplet(): CompareTriplet
  images(): KeyedImage[]
  frame(): Size
  /** Size of a pane in CSS px. */
  pane(): Size
  /** Goes to a triplet; out of range stays at the end. */
  go(index: number): void
  setView(view: View): void
  zoom(factor: number, at?: Point): void
  pan(dx: number, dy: number): void
  /** Moves the pixel that loupe and read-out show; stays inside. */
  probe(at: Point | null): void
  /** Takes over a newer payload. */
  update(payload: ComparePayload): void
  remembered(): RememberedComparison
}

export function createComparison(payload: ComparePayload, remembered?: RememberedComparison): Comparison {
  let triplets = payload.triplets
  let cache: { triplet: CompareTriplet; images: KeyedImage[]; frame: Size } | undefined
  const known = remembered ? triplets.findIndex(triplet => triplet.id === remembered.id) : -1
  const start = Math.max(0, known)
  const images = keyImages(triplets[start])
  const opening = remembered ? adoptState(remembered.state, images) : openingState(images)
  const state = createStore<CompareState>({ ...opening, triplet: start })
  const motion = createStore<Motion>({ ...AT_REST, ...(known >= 0 ? remembered?.motion : undefined) })
  const attention = createStore<Attention>({ probe: null, finding: null })
  const stage = createStore({ width: 0 })

  const looked = () => {
    const triplet = triplets[Math.min(state.get().triplet, triplets.length - 1)]
    if (cache?.triplet !== triplet) {
      const images = keyImages(triplet)
      cache = { triplet, images, frame: frameOf(images) }
    }
    return cache
  }
  const pane = () => {
    const { images, frame } = looked()
    const count = modeOf(state.get()).panes(state.get(), images).length
    return layoutPanes(count, frame, stage.get().width || 800).pane
  }
  const go = (index: number) => {
    const next = Math.max(0, Math.min(triplets.length - 1, index))
    const images = keyImages(triplets[next])
    attention.set({ finding: null })
    state.set({ ...adoptState(state.get(), images), triplet: next, crop: null })
  }

  return {
    state,
    motion,
    attention,
    stage,
    triplets: () => triplets,
    triplet: () => looked().triplet,
    images: () => looked().images,
    frame: () => looked().frame,
    pane,
    go,
    setView: view => motion.set({ view }),
    zoom(factor, at) {
      const size = pane()
      const point = at ?? { x: size.width / 2, y: size.height / 2 }
      motion.set({ view: zoomAt(motion.get().view, looked().frame, size, factor, point) })
    },
    pan: (dx, dy) => motion.set({ view: panBy(motion.get().view, looked().frame, pane(), dx, dy) }),
    probe(at) {
      const { width, height } = looked().frame
      const inside = (value: number, length: number) => Math.max(0, Math.min(length - 1, Math.floor(value)))
      const probe = at && { x: inside(at.x, width), y: inside(at.y, height) }
      const before = attention.get().probe
      if (probe?.x !== before?.x || probe?.y !== before?.y) attention.set({ probe })
    },
    update(next) {
      const { id } = looked().triplet
      triplets = next.triplets
      const same = triplets.findIndex(triplet => triplet.id === id)
      go(same >= 0 ? same : state.get().triplet)
    },
    remembered: () => ({ id: looked().triplet.id, state: state.get(), motion: motion.get() }),
  }
}
