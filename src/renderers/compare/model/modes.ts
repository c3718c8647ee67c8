import type { IconName } from '../../shared/ui/icons.tsx'
import type { KeyedImage } from './images.ts'
import type { CompareState, ModeName } from './state.ts'

/** One thing drawn in a pane, over the ones before it. */
export type Layer =
  | {
      kind: 'image'
      key: string
      alpha?: number
      /** Drawn on this side of the swipe's divider only. */
      side?: 'left' | 'right'
    }
  | { kind: 'difference'; a: string; b: string }

export interface Pane {
  id: string
  label: string
  /** The image whose values and findings belong to the pane. */
  subject?: string
  layers: Layer[]
}

export interface Mode {
  name: ModeName
  label: string
  icon: IconName
  key: string
  panes(state: CompareState, images: readonly KeyedImage[]): Pane[]
}

const labelOf = (images: readonly KeyedImage[], key: string) =>
  images.find(image => image.key === key)?.label ?? key

const single = (images: readonly KeyedImage[], key: string): Pane => ({
  id: key,
  label: labelOf(images, key),
  subject: key,
  layers: [{ kind: 'image', key }],
})

/** The ways of looking, in the order of the toolbar. */
export const MODES: readonly Mode[] = [
  {
    name: 'side',
    label: 'Side by side',
    icon: 'side',
    key: 's',
    panes: (state, images) => state.shown.map(key => single(images, key)),
  },
  {
    name: 'swipe',
    label: 'Swipe',
    icon: 'swipe',
    key: 'w',
    panes: ({ pair: [a, b] }, images) => [
      {
        id: 'swipe',
        label: `${labelOf(images, a)} | ${labelOf(images, b)}`,
        layers: [
          { kind: 'image', key: a, side: 'left' },
          { kind: 'image', key: b, side: 'right' },
        ],
      },
    ],
  },
  {
    name: 'onion',
    label: 'Onion skin',
    icon: 'onion',
    key: 'o',
    panes: ({ pair: [a, b], alpha }, images) => [
      {
        id: 'onion',
        label: `${labelOf(images, a)} under ${labelOf(images, b)}`,
        layers: [
          { kind: 'image', key: a },
          { kind: 'image', key: b, alpha },
        ],
      },
    ],
  },
  {
    name: 'blink',
    label: 'Blink',
    icon: 'blink',
    key: 'b',
    panes: ({ pair, front }, images) => [{ ...single(images, pair[front]), id: 'blink' }],
  },
  {
    name: 'difference',
    label: 'Difference',
    icon: 'difference',
    key: 'd',
    panes: ({ pair: [a, b], signed }, images) => [
      single(images, a),
      {
        id: 'difference',
        label: signed
          ? `${labelOf(images, a)} − ${labelOf(images, b)}`
          : `|${labelOf(images, a)} − ${labelOf(images, b)}|`,
        layers: [{ kind: 'difference', a, b }],
      },
    ],
  },
]

export function modeOf(state: CompareState): Mode {
  return MODES.find(mode => mode.name === state.mode) ?? MODES[0]
}
