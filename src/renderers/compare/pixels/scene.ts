import type { Overlay } from '../../../kernel/protocol/mime.ts'
import type { Pictures } from '../../shared/pictures/pictures.ts'
import type { Want } from '../../shared/pictures/slots.ts'
import { colourMap } from '../../shared/ui/colormaps.ts'
import type { KeyedImage } from '../model/images.ts'
import { modeOf, type Pane } from '../model/modes.ts'
import type { CompareState, Motion } from '../model/state.ts'
import type { Size } from '../model/view.ts'
import { differencePicture } from './difference.ts'
import { overlayPicture } from './overlay.ts'

/** What is to be seen of one triplet: enough to draw it, nothing of how. */
export interface Scene {
  state: CompareState
  motion: Motion
  images: readonly KeyedImage[]
  frame: Size
  panes: Pane[]
}

export const ABSOLUTE_MAP = 'viridis'
export const SIGNED_MAP = 'blue-orange'
export const OVERLAY_MAP = 'inferno'
/** Below this many pixels all images of a triplet are kept ready, so that picking one shows it at once. */
const READY_PIXELS = 32e6

export function sceneOf(
  state: CompareState,
  motion: Motion,
  images: readonly KeyedImage[],
  frame: Size,
): Scene {
  return { state, motion, images, frame, panes: modeOf(state).panes(state, images) }
}

export function overlayOf(scene: Scene, key: string): Overlay | undefined {
  const image = scene.images.find(image => image.key === key)
  return image?.overlays?.find(overlay => overlay.name === scene.state.overlay)
}

/** Slots of a scene's pictures, with the names under which the painter looks for them. */
export const slotOf = {
  image: (key: string) => `image ${key}`,
  overlay: (key: string) => `overlay ${key}`,
  difference: 'difference',
}

/** The pictures that a scene needs. */
export function wantsOf(scene: Scene): Map<string, Want> {
  const { state, images, frame, panes } = scene
  const wants = new Map<string, Want>()
  const byKey = new Map(images.map(image => [image.key, image]))
  const pixels = images.reduce((sum, { image }) => sum + image.width * image.height, 0)
  const needed = new Set(state.loupe || pixels <= READY_PIXELS ? byKey.keys() : [])
  for (const { layers } of panes)
    for (const layer of layers) if (layer.kind === 'image') needed.add(layer.key)
  for (const key of needed) {
    const hash = byKey.get(key)?.image.hash
    if (hash === undefined) continue
    wants.set(slotOf.image(key), { id: hash, open: pictures => pictures.acquire(hash) })
    const overlay = overlayOf(scene, key)
    if (overlay !== undefined) wants.set(slotOf.overlay(key), wantOverlay(overlay))
  }
  for (const { layers } of panes) {
    for (const layer of layers) {
      const a = layer.kind === 'difference' ? byKey.get(layer.a) : undefined
      const b = layer.kind === 'difference' ? byKey.get(layer.b) : undefined
      if (a && b) wants.set(slotOf.difference, wantDifference(a.image.hash, b.image.hash, frame, state))
    }
  }
  return wants
}

/** Whether a map's low values are what to look at. */
export const isReversed = ({ direction }: Overlay): boolean => direction === 'higher'

function wantOverlay(overlay: Overlay): Want {
  const { hash } = overlay.image
  const reversed = isReversed(overlay)
  const id = `overlay ${hash} ${OVERLAY_MAP} ${reversed}`
  const open = (pictures: Pictures) =>
    pictures.derive(id, signal =>
      using([hash], pictures, ([grey]) => overlayPicture(grey, colourMap(OVERLAY_MAP), reversed, signal)),
    )
  return { id, open }
}

function wantDifference(a: string, b: string, frame: Size, { channel, signed, gain }: CompareState): Want {
  const id = ['difference', a, b, frame.width, frame.height, channel, signed, gain].join(' ')
  const map = colourMap(signed ? SIGNED_MAP : ABSOLUTE_MAP)
  const open = (pictures: Pictures) =>
    pictures.derive(id, signal =>
      using([a, b], pictures, ([first, second]) =>
        differencePicture(first, second, frame, { channel, signed, gain }, map, signal),
      ),
    )
  return { id, open }
}

/** Holds stored pictures while something is made from them. */
async function using<T>(
  hashes: string[],
  pictures: Pictures,
  make: (found: Awaited<ReturnType<Pictures['acquire']>['picture']>[]) => Promise<T>,
): Promise<T> {
  const leases = hashes.map(hash => pictures.acquire(hash))
  try {
    return await make(await Promise.all(leases.map(lease => lease.picture)))
  } finally {
    for (const lease of leases) lease.release()
  }
}
