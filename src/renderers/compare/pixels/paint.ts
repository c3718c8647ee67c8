import type { Placement } from '../../shared/pictures/picture.ts'
import type { Slots } from '../../shared/pictures/slots.ts'
import type { Theme } from '../../shared/ui/theme.ts'
import type { FindingName } from '../model/findings.ts'
import type { Pane } from '../model/modes.ts'
import { type Point, placeFrame, type Size } from '../model/view.ts'
import { paintCrop, paintFindings, paintProbe, paintRulers, paintSplit } from './marks.ts'
import { type Scene, slotOf } from './scene.ts'

export interface PaneCanvas {
  pane: Pane
  canvas: HTMLCanvasElement
}

/** What follows the pointer or the keyboard and is forgotten: the pixel looked at, the finding under attention. */
export interface Attention {
  probe: Point | null
  finding: FindingName | null
}

/** Draws one pane: its layers, then marks over them. Sets `data-state` to loading, ready or failed. */
export function paintPane(
  { pane, canvas }: PaneCanvas,
  scene: Scene,
  attention: Attention,
  size: Size,
  ratio: number,
  slots: Slots,
  theme: Theme,
): void {
  const width = Math.max(1, Math.round(size.width * ratio))
  const height = Math.max(1, Math.round(size.height * ratio))
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  // Opaque, and without rounded corners or a background of its own: each costs as much as drawing the image.
  const context = canvas.getContext('2d', { alpha: false })
  if (!context) return
  context.fillStyle = theme.raised
  context.fillRect(0, 0, width, height)
  const place = placeFrame(scene.motion.view, scene.frame, size, ratio)
  const states = pane.layers.map(layer => paintLayer(context, layer, scene, place, slots))
  const state = states.includes('failed') ? 'failed' : states.includes('loading') ? 'loading' : 'ready'
  if (canvas.dataset.state !== state) canvas.dataset.state = state

  const marks = { context, scene, place, ratio, theme }
  if (scene.state.findings) paintFindings(marks, pane, attention.finding)
  if (scene.state.mode === 'swipe') paintSplit(marks)
  if (scene.state.crop) paintCrop(marks, scene.state.crop)
  if (attention.probe && scene.state.loupe) paintProbe(marks, attention.probe)
  if (scene.state.rulers) paintRulers(marks, attention.probe)
}

function paintLayer(
  context: CanvasRenderingContext2D,
  layer: Pane['layers'][number],
  scene: Scene,
  place: Placement,
  slots: Slots,
): 'loading' | 'ready' | 'failed' {
  const slot = layer.kind === 'image' ? slotOf.image(layer.key) : slotOf.difference
  if (slots.failure(slot) !== undefined) return 'failed'
  const picture = slots.get(slot)
  if (!picture) return 'loading'
  const { width, height } = context.canvas
  context.save()
  if (layer.kind === 'image') {
    context.globalAlpha = layer.alpha ?? 1
    if (layer.side) {
      const split = Math.round(scene.motion.split * width)
      context.beginPath()
      context.rect(
        layer.side === 'left' ? 0 : split,
        0,
        layer.side === 'left' ? split : width - split,
        height,
      )
      context.clip()
    }
  }
  picture.paint(context, place, scene.state.smooth)
  if (layer.kind === 'image') {
    context.globalAlpha *= scene.state.overlayAlpha
    slots.get(slotOf.overlay(layer.key))?.paint(context, place, scene.state.smooth)
  }
  context.restore()
  return slots.settled(slot) ? 'ready' : 'loading'
}
