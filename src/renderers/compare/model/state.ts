import type { KeyedImage } from './images.ts'
import { FIT, type View } from './view.ts'

export type ModeName = 'side' | 'swipe' | 'onion' | 'blink' | 'difference'
export type Channel = 'luma' | 'rgb' | 'red' | 'green' | 'blue'

/** A rectangle in frame pixels. */
export interface Region {
  x: number
  y: number
  width: number
  height: number
}

/** What moves while a pointer does: kept apart, so that moving it redraws pixels and no controls. */
export interface Motion {
  view: View
  /** Swipe: A is left of this share of the pane's width. */
  split: number
}

export const AT_REST: Motion = { view: FIT, split: 0.5 }

/** Everything that a person has set. Plain JSON: it is remembered for the output, with the motion. */
export interface CompareState {
  triplet: number
  mode: ModeName
  /** Keys of the images side by side. */
  shown: string[]
  /** A and B of the modes that compare two. */
  pair: [string, string]
  /** Which of the pair blink shows. */
  front: 0 | 1
  smooth: boolean
  /** Onion skin: opacity of B. */
  alpha: number
  channel: Channel
  signed: boolean
  gain: number
  /** Name of the overlay that is drawn, or none. */
  overlay: string
  overlayAlpha: number
  findings: boolean
  loupe: boolean
  rulers: boolean
  crop: Region | null
  help: boolean
}

export const MOST_SHOWN = 4

/** How a comparison opens: up to four side by side, and the first method against the truth. */
export function openingState(images: readonly KeyedImage[]): CompareState {
  const keys = images.map(image => image.key)
  const first = images.find(image => image.role === 'sr')?.key ?? keys[0] ?? ''
  const reference = ['gt', 'lr', ...keys].find(key => key !== first && keys.includes(key)) ?? first
  const preferred = ['lr', ...keys.filter(key => key.startsWith('sr')).slice(0, 2), 'gt', ...keys]
  const shown = new Set(preferred.filter(key => keys.includes(key)).slice(0, MOST_SHOWN))
  return {
    triplet: 0,
    mode: 'side',
    shown: keys.filter(key => shown.has(key)),
    pair: [first, reference],
    front: 0,
    smooth: false,
    alpha: 0.5,
    channel: 'luma',
    signed: false,
    gain: 1,
    overlay: '',
    overlayAlpha: 0.6,
    findings: true,
    loupe: false,
    rulers: false,
    crop: null,
    help: false,
  }
}

/** State for other images than it was made for: unknown keys give way to those that a fresh start would take. */
export function adoptState(state: CompareState, images: readonly KeyedImage[]): CompareState {
  const keys = new Set(images.map(image => image.key))
  const fresh = openingState(images)
  const shown = state.shown.filter(key => keys.has(key))
  const pair = state.pair.map((key, i) => (keys.has(key) ? key : fresh.pair[i])) as [string, string]
  return { ...fresh, ...state, shown: shown.length > 0 ? shown : fresh.shown, pair }
}

/** Brings methods into view: beside LR and GT, in place of those that nobody asked about, and as A of a pair. */
export function showMethods(
  state: CompareState,
  images: readonly KeyedImage[],
  methods: readonly string[],
): Partial<CompareState> {
  const keys = images.map(image => image.key)
  const asked = images.filter(({ method }) => method !== undefined && methods.includes(method))
  if (asked.length === 0) return {}
  const wanted = new Set(
    ['gt', ...asked.slice(0, MOST_SHOWN - 1).map(({ key }) => key), 'lr', ...state.shown].filter(key =>
      keys.includes(key),
    ),
  )
  const shown = new Set([...wanted].slice(0, MOST_SHOWN))
  const [first] = asked
  const reference = ['gt', 'lr', ...state.pair].find(key => key !== first.key && keys.includes(key))
  return {
    shown: keys.filter(key => shown.has(key)),
    ...(reference && { pair: [first.key, reference] as [string, string], front: 0 as const }),
  }
}

/** Shows an image side by side or takes it away; one always stays, the newest replaces the last of four. */
export function toggleShown(state: CompareState, images: readonly KeyedImage[], key: string): string[] {
  const shown = state.shown.includes(key)
    ? state.shown.filter(other => other !== key)
    : [...state.shown.slice(0, MOST_SHOWN - 1), key]
  if (shown.length === 0) return state.shown
  return images.map(image => image.key).filter(other => shown.includes(other))
}

/** What picking an image (keys 1 to 9) means in the present mode. `second` picks B. */
export function pick(
  state: CompareState,
  images: readonly KeyedImage[],
  key: string,
  second: boolean,
): Partial<CompareState> {
  if (state.mode === 'side') return { shown: toggleShown(state, images, key) }
  const [a, b] = state.pair
  if (state.mode === 'blink') {
    // Space then returns to the image that was looked at before.
    const visible = state.pair[state.front]
    return key === visible ? {} : { pair: [key, visible], front: 0 }
  }
  if (second) return { pair: key === a ? [b, a] : [a, key] }
  return { pair: key === b ? [b, a] : [key, b] }
}
