import type { Placement } from '../../shared/pictures/picture.ts'
import type { Theme } from '../../shared/ui/theme.ts'
import { type FindingName, keysOf } from '../model/findings.ts'
import type { Pane } from '../model/modes.ts'
import type { Region } from '../model/state.ts'
import type { Point } from '../model/view.ts'
import type { Scene } from './scene.ts'

/** What every mark needs; lengths on the canvas are CSS px times `ratio`. */
export interface Marks {
  context: CanvasRenderingContext2D
  scene: Scene
  place: Placement
  ratio: number
  theme: Theme
}

/** Drawn twice, wide in the background colour and thin in the mark's own, a line is seen over any image. */
function strokeTwice(
  { context, ratio, theme }: Marks,
  colour: string,
  draw: () => void,
  dash: number[] = [],
): void {
  context.save()
  context.setLineDash([])
  context.lineWidth = 3 * ratio
  context.strokeStyle = theme.background
  context.globalAlpha = 0.75
  draw()
  context.globalAlpha = 1
  context.setLineDash(dash.map(length => length * ratio))
  context.lineWidth = ratio
  context.strokeStyle = colour
  draw()
  context.restore()
}

function label({ context, ratio, theme }: Marks, text: string, x: number, y: number, colour: string): void {
  context.save()
  context.font = `${11 * ratio}px ${theme.font}`
  context.textBaseline = 'middle'
  const width = context.measureText(text).width + 6 * ratio
  context.fillStyle = theme.background
  context.fillRect(x, y - 7 * ratio, width, 14 * ratio)
  context.fillStyle = colour
  context.fillText(text, x + 3 * ratio, y)
  context.restore()
}

/** A finding's words under its box, or over it where there is no room below; cut off where the pane ends. */
function caption(marks: Marks, text: string, box: Region): void {
  const { context, ratio, theme } = marks
  const { width, height } = context.canvas
  const room = width - 10 * ratio
  context.save()
  context.font = `${11 * ratio}px ${theme.font}`
  let words = text.slice(0, 300)
  const cut = () => `${words}${words.length < text.length ? '…' : ''}`
  while (words.length > 1 && context.measureText(cut()).width > room) words = words.slice(0, -1)
  const length = context.measureText(cut()).width + 6 * ratio
  context.restore()
  const below = box.y + box.height + 9 * ratio
  const y = below + 7 * ratio <= height ? below : Math.max(7 * ratio, box.y - 9 * ratio)
  label(marks, cut(), Math.max(0, Math.min(box.x, width - length)), y, theme.foreground)
}

/** The divider of swipe, with a grip. */
export function paintSplit(marks: Marks): void {
  const { context, scene, ratio, theme } = marks
  const x = Math.round(scene.motion.split * context.canvas.width)
  const middle = context.canvas.height / 2
  strokeTwice(marks, theme.foreground, () => {
    context.beginPath()
    context.moveTo(x, 0)
    context.lineTo(x, middle - 9 * ratio)
    context.moveTo(x, middle + 9 * ratio)
    context.lineTo(x, context.canvas.height)
    context.stroke()
  })
  strokeTwice(marks, theme.foreground, () => {
    context.beginPath()
    context.arc(x, middle, 9 * ratio, 0, 2 * Math.PI)
    for (const side of [-1, 1]) {
      context.moveTo(x + side * 2 * ratio, middle - 3 * ratio)
      context.lineTo(x + side * 5 * ratio, middle)
      context.lineTo(x + side * 2 * ratio, middle + 3 * ratio)
    }
    context.stroke()
  })
}

function rectangle(place: Placement, box: readonly [number, number, number, number]): Region {
  const x = place.x + box[0] * place.width
  const y = place.y + box[1] * place.height
  return { x, y, width: (box[2] - box[0]) * place.width, height: (box[3] - box[1]) * place.height }
}

/** Boxes of the judge's findings with their numbers, that under attention with its words: solid on the image that they are about, dashed on the others. */
export function paintFindings(marks: Marks, pane: Pane, attention: FindingName | null): void {
  const { context, scene, place, theme, ratio } = marks
  const own = new Set(keysOf(pane.layers))
  const subjects = scene.images.filter(image => own.has(image.key) || attention?.key === image.key)
  for (const image of subjects) {
    for (const [index, { box, what }] of (image.findings ?? []).entries()) {
      const attended = attention?.key === image.key && attention.index === index
      if (!box || !(own.has(image.key) || attended)) continue
      const colour = attended ? theme.accent : theme.warning
      const { x, y, width, height } = rectangle(place, box)
      const dash = own.has(image.key) ? [] : [4, 3]
      strokeTwice(marks, colour, () => context.strokeRect(x, y, width, height), dash)
      label(marks, String(index + 1), x, y + 7 * ratio, colour)
      if (attended) caption(marks, what, { x, y, width, height })
    }
  }
}

export function paintCrop(marks: Marks, crop: Region): void {
  const { context, scene, place, theme } = marks
  const { width, height } = scene.frame
  const box = [
    crop.x / width,
    crop.y / height,
    (crop.x + crop.width) / width,
    (crop.y + crop.height) / height,
  ] as const
  const area = rectangle(place, box)
  context.save()
  context.globalAlpha = 0.45
  context.fillStyle = theme.background
  context.beginPath()
  context.rect(0, 0, context.canvas.width, context.canvas.height)
  context.rect(area.x, area.y, area.width, area.height)
  context.fill('evenodd')
  context.restore()
  strokeTwice(marks, theme.accent, () => context.strokeRect(area.x, area.y, area.width, area.height))
}

/** A frame around the pixel that the loupe shows. */
export function paintProbe(marks: Marks, probe: Point): void {
  const { context, scene, place, ratio, theme } = marks
  const scale = place.width / scene.frame.width
  const size = Math.max(scale, 7 * ratio)
  const x = place.x + (probe.x + 0.5) * scale
  const y = place.y + (probe.y + 0.5) * scale
  strokeTwice(marks, theme.accent, () => context.strokeRect(x - size / 2, y - size / 2, size, size))
}

const RULER = 15

/** Ticks in frame pixels along the top and left edges. */
export function paintRulers(marks: Marks, probe: Point | null): void {
  const { context, scene, place, ratio, theme } = marks
  const { width, height } = context.canvas
  const scale = place.width / scene.frame.width
  const step = tickStep((56 * ratio) / scale)
  const edge = RULER * ratio
  context.save()
  context.fillStyle = theme.background
  context.globalAlpha = 0.85
  context.fillRect(0, 0, width, edge)
  context.fillRect(0, edge, edge, height - edge)
  context.globalAlpha = 1
  context.strokeStyle = theme.muted
  context.fillStyle = theme.foreground
  context.lineWidth = ratio
  context.font = `${9 * ratio}px ${theme.font}`
  context.textBaseline = 'top'
  context.beginPath()
  for (const value of ticks(-place.x / scale, (width - place.x) / scale, step, scene.frame.width)) {
    const x = Math.round(place.x + value * scale) + 0.5
    context.moveTo(x, 0)
    context.lineTo(x, edge)
    if (x > edge) context.fillText(String(value), x + 2 * ratio, ratio)
  }
  for (const value of ticks(-place.y / scale, (height - place.y) / scale, step, scene.frame.height)) {
    const y = Math.round(place.y + value * scale) + 0.5
    if (y < edge) continue
    context.moveTo(0, y)
    context.lineTo(edge, y)
    context.save()
    context.translate(ratio, y + 2 * ratio)
    context.rotate(Math.PI / 2)
    context.fillText(String(value), 0, -10 * ratio)
    context.restore()
  }
  context.stroke()
  if (probe) {
    context.strokeStyle = theme.accent
    context.beginPath()
    const x = place.x + (probe.x + 0.5) * scale
    const y = place.y + (probe.y + 0.5) * scale
    context.moveTo(x, 0)
    context.lineTo(x, edge)
    context.moveTo(0, y)
    context.lineTo(edge, y)
    context.stroke()
  }
  context.restore()
}

/** The smallest of 1, 2, 5, 10, 20 ... that is at least `least`. */
export function tickStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)))
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= least) ?? 10 * power
}

function ticks(from: number, to: number, step: number, limit: number): number[] {
  const first = Math.max(0, Math.ceil(from / step) * step)
  const last = Math.min(limit, to)
  return Array.from(
    { length: Math.max(0, Math.floor((last - first) / step) + 1) },
    (_, i) => first + i * step,
  )
}
