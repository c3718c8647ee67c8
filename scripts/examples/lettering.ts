import { GLYPHS } from './glyphs.ts'
import type { Plane } from './raster.ts'

export interface Hand {
  /** Height of the capitals in pixels. */
  size: number
  /** Stroke width of steep and of flat strokes, in grid units (capitals are 14 high). */
  thick: number
  thin: number
  /** Length of a serif on each side of a stem, in grid units. */
  serif?: number
  /** Additional space between letters, in grid units. */
  spacing?: number
}

export interface Segment {
  x0: number
  y0: number
  x1: number
  y1: number
  /** Half the stroke's width. */
  radius: number
}

/** Width of a line of text in pixels. */
export function widthOf(text: string, hand: Hand): number {
  return [...text].reduce((sum, letter) => sum + glyphOf(letter).advance + gapOf(hand), 0) * (hand.size / 14)
}

/** The strokes of a line of text, y down, that starts at `x` on the baseline `y`. */
export function write(text: string, x: number, y: number, hand: Hand): Segment[] {
  const unit = hand.size / 14
  const segments: Segment[] = []
  let pen = x
  for (const letter of text) {
    for (const [ax, ay, bx, by, width] of strokesOf(letter, hand))
      segments.push({
        x0: pen + ax * unit,
        y0: y - ay * unit,
        x1: pen + bx * unit,
        y1: y - by * unit,
        radius: (width * unit) / 2,
      })
    pen += (glyphOf(letter).advance + gapOf(hand)) * unit
  }
  return segments
}

/** As `write`, centred on `x`. */
export function writeCentred(text: string, x: number, y: number, hand: Hand): Segment[] {
  return write(text, x - widthOf(text, hand) / 2, y, hand)
}

/** Covers a plane with ink, 0..1, with edges `edge` pixels wide. */
export function ink(target: Plane, segments: readonly Segment[], edge = 1): void {
  const { width, height, data } = target
  for (const { x0, y0, x1, y1, radius } of segments) {
    const reach = radius + edge
    const [dx, dy] = [x1 - x0, y1 - y0]
    const length2 = Math.max(dx * dx + dy * dy, 1e-9)
    const [top, bottom] = [
      Math.max(Math.floor(Math.min(y0, y1) - reach), 0),
      Math.min(Math.ceil(Math.max(y0, y1) + reach), height - 1),
    ]
    const [left, right] = [
      Math.max(Math.floor(Math.min(x0, x1) - reach), 0),
      Math.min(Math.ceil(Math.max(x0, x1) + reach), width - 1),
    ]
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++) {
        const t = Math.min(Math.max(((x - x0) * dx + (y - y0) * dy) / length2, 0), 1)
        const distance = Math.hypot(x - x0 - t * dx, y - y0 - t * dy)
        const cover = Math.min(Math.max((radius - distance) / edge + 0.5, 0), 1)
        const i = y * width + x
        if (cover > data[i]) data[i] = cover
      }
  }
}

type Stroke = readonly [ax: number, ay: number, bx: number, by: number, width: number]

function strokesOf(letter: string, hand: Hand): Stroke[] {
  const strokes = glyphOf(letter).strokes.split('|').filter(Boolean).map(pointsOf)
  const result: Stroke[] = []
  for (const { points, straight } of strokes) {
    for (let i = 1; i < points.length; i++) {
      const [[ax, ay], [bx, by]] = [points[i - 1], points[i]]
      result.push([ax, ay, bx, by, penWidth(bx - ax, by - ay, hand)])
    }
    if (hand.serif && straight) result.push(...serifs(points, hand))
  }
  return result
}

/** A broad pen held at 15 degrees: steep strokes come out thick, flat ones thin. */
function penWidth(dx: number, dy: number, { thick, thin }: Hand): number {
  const angle = Math.atan2(dy, dx) - Math.PI / 12
  return thin + (thick - thin) * Math.abs(Math.sin(angle)) ** 1.3
}

/** A short flat stroke where a steep one ends on a guide line. */
function serifs(points: readonly (readonly [number, number])[], { serif = 0, thin, thick }: Hand): Stroke[] {
  const ends = [
    [points[0], points[1]],
    [points[points.length - 1], points[points.length - 2]],
  ]
  return ends.flatMap(([[x, y], [ox, oy]]): Stroke[] => {
    const steep = Math.abs(y - oy) > 1.2 * Math.abs(x - ox)
    if (!steep || ![0, 10, 14, 15, -4].includes(y)) return []
    // Lower-case stems have a serif on the left only at their tops.
    const right = y === 10 || y === 15 ? thick / 2 : serif
    return [[x - serif, y, x + right, y, thin * 0.9]]
  })
}

function pointsOf(stroke: string): { points: (readonly [number, number])[]; straight: boolean } {
  const numbers = stroke.replace('@', '').split(/[ ,]/).map(Number)
  if (!stroke.startsWith('@'))
    return {
      points: numbers.flatMap((x, i) => (i % 2 ? [] : [[x, numbers[i + 1]] as const])),
      straight: true,
    }
  const [cx, cy, rx, ry, from, to] = numbers
  const count = Math.max(6, Math.ceil(Math.abs(to - from) / 12))
  const at = (i: number) => ((from + ((to - from) * i) / count) * Math.PI) / 180
  return {
    points: Array.from(
      { length: count + 1 },
      (_, i) => [cx + rx * Math.cos(at(i)), cy + ry * Math.sin(at(i))] as const,
    ),
    straight: false,
  }
}

function glyphOf(letter: string) {
  const glyph = GLYPHS[letter]
  if (!glyph) throw new RangeError(`There is no glyph for \`${letter}\`.`)
  return glyph
}

function gapOf(hand: Hand): number {
  return 1.6 + (hand.spacing ?? 0)
}
