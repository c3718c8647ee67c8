import type { Comparison } from './comparison.ts'
import { MODES } from './modes.ts'
import { pick } from './state.ts'
import { FIT } from './view.ts'

/** One shortcut: what the help lists, and what it does. */
export interface Shortcut {
  /** As `KeyboardEvent.key`; the first is the one that is shown. */
  keys: string[]
  label: string
  run(comparison: Comparison, event: KeyboardEvent): void
}

const STEP = 40

const arrow = (key: string, label: string, dx: number, dy: number): Shortcut => ({
  keys: [key],
  label,
  run(comparison, { shiftKey, altKey }) {
    const { loupe } = comparison.state.get()
    const far = shiftKey ? 10 : 1
    if (loupe && !altKey) {
      const { width, height } = comparison.frame()
      const at = comparison.attention.get().probe ?? { x: width / 2, y: height / 2 }
      comparison.probe({ x: at.x + dx * far, y: at.y + dy * far })
    } else comparison.pan(-dx * STEP * (shiftKey ? 5 : 1), -dy * STEP * (shiftKey ? 5 : 1))
  },
})

const nudge = (comparison: Comparison, by: number) => {
  const { mode, alpha } = comparison.state.get()
  const limit = (value: number) => Math.round(Math.max(0, Math.min(1, value)) * 1000) / 1000
  if (mode === 'onion') comparison.state.set({ alpha: limit(alpha + by) })
  if (mode === 'swipe') comparison.motion.set({ split: limit(comparison.motion.get().split + by) })
}

/** Keys while the images have the focus. */
export const SHORTCUTS: readonly Shortcut[] = [
  ...MODES.map(mode => ({
    keys: [mode.key],
    label: mode.label,
    run: (comparison: Comparison) => comparison.state.set({ mode: mode.name }),
  })),
  {
    keys: [' '],
    label: 'Blink: show the other image',
    run(comparison) {
      const { mode, front } = comparison.state.get()
      comparison.state.set(mode === 'blink' ? { front: front === 0 ? 1 : 0 } : { mode: 'blink' })
    },
  },
  {
    keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    label: 'Pick an image (A of a pair; with Alt: B)',
    run(comparison, event) {
      const images = comparison.images()
      const image = images[Number(event.key) - 1]
      if (image) comparison.state.set(pick(comparison.state.get(), images, image.key, event.altKey))
    },
  },
  { keys: ['PageUp', '['], label: 'Previous triplet', run: c => c.go(c.state.get().triplet - 1) },
  { keys: ['PageDown', ']'], label: 'Next triplet', run: c => c.go(c.state.get().triplet + 1) },
  arrow('ArrowLeft', 'Pan left (loupe: one pixel; Shift: far)', -1, 0),
  arrow('ArrowRight', 'Pan right', 1, 0),
  arrow('ArrowUp', 'Pan up', 0, -1),
  arrow('ArrowDown', 'Pan down', 0, 1),
  { keys: ['+', '='], label: 'Zoom in', run: c => c.zoom(1.5) },
  { keys: ['-'], label: 'Zoom out', run: c => c.zoom(1 / 1.5) },
  { keys: ['f', '0'], label: 'Fit', run: c => c.setView(FIT) },
  { keys: ['z'], label: 'One image pixel per screen pixel', run: c => setScale(c, 1) },
  { keys: ['n'], label: 'Smooth or exact pixels', run: c => c.state.set({ smooth: !c.state.get().smooth }) },
  { keys: [','], label: 'Swipe or fade towards A', run: c => nudge(c, -0.05) },
  { keys: ['.'], label: 'Swipe or fade towards B', run: c => nudge(c, 0.05) },
  { keys: ['j'], label: 'Findings', run: c => c.state.set({ findings: !c.state.get().findings }) },
  { keys: ['l'], label: 'Loupe', run: c => c.state.set({ loupe: !c.state.get().loupe }) },
  { keys: ['r'], label: 'Rulers', run: c => c.state.set({ rulers: !c.state.get().rulers }) },
  { keys: ['c'], label: 'Crop a figure', run: c => toggleCrop(c) },
  { keys: ['?'], label: 'These keys', run: c => c.state.set({ help: !c.state.get().help }) },
  {
    keys: ['Escape'],
    label: 'Leave crop, loupe and help',
    run: c => c.state.set({ crop: null, loupe: false, help: false }),
  },
]

export function setScale(comparison: Comparison, scale: number): void {
  const view = comparison.motion.get().view
  comparison.setView({ ...view, zoom: scale })
  comparison.zoom(1)
}

/** Starts a crop in the middle of what is seen, or ends it. */
export function toggleCrop(comparison: Comparison): void {
  if (comparison.state.get().crop) return comparison.state.set({ crop: null })
  const { width, height } = comparison.frame()
  const { view } = comparison.motion.get()
  const side = Math.max(1, Math.round(Math.min(width, height) / 4))
  const start = (centre: number, length: number) =>
    Math.round(Math.max(0, Math.min(length - side, centre * length - side / 2)))
  comparison.state.set({
    crop: { x: start(view.x, width), y: start(view.y, height), width: side, height: side },
  })
}

/** Runs the shortcut of a key. @returns whether there was one */
export function pressKey(comparison: Comparison, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey) return false
  const shortcut = SHORTCUTS.find(({ keys }) => keys.includes(event.key))
  shortcut?.run(comparison, event)
  return shortcut !== undefined
}
