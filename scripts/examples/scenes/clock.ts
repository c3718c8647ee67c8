import { develop, expose } from '../camera.ts'
import { ink, type Segment, write, writeCentred } from '../lettering.ts'
import { fractal, noise } from '../random.ts'
import {
  blur,
  mixRgb,
  type Plane,
  picture,
  plane,
  type Rgb,
  sample,
  scaleRgb,
  smooth,
  srgb,
} from '../raster.ts'
import { look, rays, shine } from '../relief.ts'
import type { Scene } from './scene.ts'

const SIZE = 1440
const MIDDLE = SIZE / 2
/** Radii of the dial and of the brass ring around it, in texels. */
const DIAL = 470
const RING = 556
const NUMERALS = ['XII', 'I', 'II', 'III', 'IIII', 'V', 'VI', 'VII', 'VIII', 'IX', 'X', 'XI']

export const clock: Scene = {
  name: 'clock',
  shows:
    'The dial of an old clock: numerals, minute marks and a name that leave no freedom, and hands with shadows.',
  draw() {
    const paint = plane(SIZE, SIZE)
    ink(paint, dialPrint(), 1.2)
    const steel = plane(SIZE, SIZE)
    ink(steel, hands(), 1.5)
    const height = plane(SIZE, SIZE, (x, y) => surface(x, y) + 26 * smooth(0.05, 0.9, sample(steel, x, y)))
    const strength = plane(SIZE, SIZE)
    const albedo = picture(SIZE, SIZE, (x, y) => {
      const i = y * SIZE + x
      const radius = Math.hypot(x - MIDDLE, y - MIDDLE)
      if (steel.data[i] > 0.4) {
        strength.data[i] = 0.5
        return scaleRgb(srgb('#2b3350'), 0.5 + 0.5 * noise(x / 3, y / 3, 101))
      }
      strength.data[i] = radius < DIAL ? 0.06 : radius < RING ? 0.1 : 0.05
      return radius < DIAL ? enamel(x, y, paint) : radius < RING ? brass(x, y) : wood(x, y)
    })
    const lit = shine(
      { height, albedo, gloss: { strength, exponent: 30 } },
      {
        sun: [-0.55, -0.62, 0.9],
        sunColour: [0.84, 0.8, 0.72],
        skyColour: [0.34, 0.37, 0.42],
        penumbra: 0.22,
      },
    )
    const glass = reflection()
    const ray = rays({
      centre: [MIDDLE - 40, MIDDLE + 30],
      turn: [0.1, 0.3, -0.06],
      distance: 2100,
      scale: 3.7,
      lens: { diameter: 40, focus: 0 },
    })
    const light = expose(288, 288, 102, (x, y, u, v) => {
      const beam = ray(x - 144, y - 144, u, v)
      const seen = look(beam, height, 60, lit) ?? [0, 0, 0]
      const t = (60 - beam.from[2]) / beam.towards[2]
      const [gx, gy] = [beam.from[0] + beam.towards[0] * t, beam.from[1] + beam.towards[1] * t]
      const mirrored = Math.hypot(gx - MIDDLE, gy - MIDDLE) < DIAL + 12 ? sample(glass, gx / 4, gy / 4) : 0
      return [seen[0] + mirrored * 0.8, seen[1] + mirrored * 0.9, seen[2] + mirrored]
    })
    return develop(light, { seed: 103, gain: 1.12 })
  },
}

function surface(x: number, y: number): number {
  const radius = Math.hypot(x - MIDDLE, y - MIDDLE)
  const grain = radius > RING ? 1.5 * fractal(x / 40, y / 5, 104, 3) : 0
  const turned = radius > DIAL && radius < RING ? 0.5 * noise(radius / 1.6, 0.5, 105) : 0
  const across = (radius - DIAL) / (RING - DIAL)
  const moulding =
    across < 0 || across > 1
      ? 0
      : 34 * Math.sqrt(Math.max(1 - (1.6 * across - 0.55) ** 2, 0)) + 10 * smooth(0.8, 0.86, across)
  const dome = radius < DIAL ? 8 * (1 - (radius / DIAL) ** 2) : 0
  return dome + moulding + grain + turned
}

function enamel(x: number, y: number, paint: Plane): Rgb {
  const cloud = fractal(x / 150, y / 150, 106, 4) - 0.5
  const dirt = smooth(DIAL - 90, DIAL, Math.hypot(x - MIDDLE, y - MIDDLE)) * fractal(x / 20, y / 20, 107, 4)
  // Hairline cracks lie where two smooth fields meet.
  const crack =
    smooth(0.006, 0.0015, Math.abs(fractal(x / 130, y / 130, 108, 5) - 0.5)) *
    smooth(0.5, 0.62, fractal(x / 200, y / 200, 109, 2))
  const bare = mixRgb(srgb('#efeadb'), srgb('#a58a5e'), 0.08 + 0.12 * cloud + 0.4 * dirt + 0.4 * crack)
  const worn = smooth(0.22, 0.3, fractal(x / 14, y / 14, 110, 4))
  return mixRgb(bare, srgb('#1a1716'), sample(paint, x, y) * (0.35 + 0.62 * worn))
}

function brass(x: number, y: number): Rgb {
  const radius = Math.hypot(x - MIDDLE, y - MIDDLE)
  const tarnish = fractal(x / 50, y / 50, 111, 4)
  const lathe = noise(radius / 1.3, Math.atan2(y - MIDDLE, x - MIDDLE) * 9, 112)
  // What polished metal mirrors depends on where its ring faces.
  const angle = Math.atan2(y - MIDDLE, x - MIDDLE)
  const across = (radius - DIAL) / (RING - DIAL)
  const sheen = 0.5 + 0.5 * Math.sin(angle * 2 + 1.2 + 3.5 * across + 0.6 * Math.sin(angle * 5))
  const metal = mixRgb(srgb('#6b4d1f'), srgb('#e5bf72'), 0.15 + 0.7 * sheen ** 2)
  return scaleRgb(mixRgb(metal, srgb('#3a3a2c'), smooth(0.5, 0.75, tarnish) * 0.7), 0.75 + 0.3 * lathe)
}

function wood(x: number, y: number): Rgb {
  const bent = y + 30 * fractal(x / 260, y / 160, 113, 3)
  const ring = fractal(x / 400, bent / 13, 114, 3)
  const pore = smooth(0.62, 0.75, noise(x / 26, y / 2.2, 115))
  return scaleRgb(mixRgb(srgb('#3b2013'), srgb('#7b4a2b'), ring), 1 - 0.45 * pore)
}

/** A window and its bars in the glass, out of focus, at a quarter of the scale. */
function reflection(): Plane {
  const side = SIZE / 4
  const sharp = plane(side, side, (x, y) => {
    const [u, v] = [(x - 90 + y * 0.12) / 62, (y - 86 - x * 0.08) / 78]
    if (u < 0 || u > 1 || v < 0 || v > 1) return 0
    const bars = Math.abs(u - 0.5) < 0.045 || Math.abs(v - 0.36) < 0.03 || Math.abs(v - 0.7) < 0.03
    return bars ? 0.01 : 0.1 + 0.06 * (1 - v)
  })
  return blur(sharp, 1.6)
}

function dialPrint(): Segment[] {
  const segments: Segment[] = []
  const ray = (turn: number, from: number, to: number, radius: number) => {
    const [c, s] = [Math.sin(turn * 2 * Math.PI), -Math.cos(turn * 2 * Math.PI)]
    segments.push({
      x0: MIDDLE + from * c,
      y0: MIDDLE + from * s,
      x1: MIDDLE + to * c,
      y1: MIDDLE + to * s,
      radius,
    })
  }
  for (let minute = 0; minute < 60; minute++)
    ray(minute / 60, 428, minute % 5 ? 446 : 452, minute % 5 ? 2 : 5)
  for (let quarter = 0; quarter < 240; quarter++) ray(quarter / 240, 442, 446, 0.8)
  for (const radius of [424, 448]) segments.push(...circle(radius, 1.3))
  NUMERALS.forEach((text, i) => {
    const upright = writeCentred(text, 0, 0, { size: 88, thick: 2.1, thin: 0.6, serif: 2.2, spacing: 0.4 })
    segments.push(...upright.map(stroke => turned(stroke, i / 12, 322)))
  })
  const small = { size: 21, thick: 1.7, thin: 0.8, serif: 1.2, spacing: 1 }
  return [
    ...segments,
    ...writeCentred('Th. Aldwin & Sons', MIDDLE, MIDDLE - 150, { ...small, size: 32, spacing: 0 }),
    ...writeCentred('CHRONOMETER MAKERS', MIDDLE, MIDDLE - 108, small),
    ...writeCentred('No. 4127', MIDDLE, MIDDLE + 160, small),
    ...write('EIGHT DAYS', MIDDLE - 78, MIDDLE + 196, { ...small, size: 15 }),
  ]
}

function circle(distance: number, radius: number): Segment[] {
  const at = (i: number) => [
    MIDDLE + distance * Math.cos((i * Math.PI) / 90),
    MIDDLE + distance * Math.sin((i * Math.PI) / 90),
  ]
  return Array.from({ length: 180 }, (_, i) => {
    const [[x0, y0], [x1, y1]] = [at(i), at(i + 1)]
    return { x0, y0, x1, y1, radius }
  })
}

/** Puts a stroke that was written around the origin onto the dial, its foot towards the middle. */
function turned({ x0, y0, x1, y1, radius }: Segment, turn: number, distance: number): Segment {
  const [c, s] = [Math.cos(turn * 2 * Math.PI), Math.sin(turn * 2 * Math.PI)]
  const place = (x: number, y: number) => [
    MIDDLE + x * c - (y - distance) * s,
    MIDDLE + x * s + (y - distance) * c,
  ]
  const [[fromX, fromY], [toX, toY]] = [place(x0, y0), place(x1, y1)]
  return { x0: fromX, y0: fromY, x1: toX, y1: toY, radius }
}

/** Tapering hands at ten past ten and a bit, with their bosses, and a thin second hand. */
function hands(): Segment[] {
  const taper = (turn: number, length: number, widths: number[], tail: number): Segment[] => {
    const [c, s] = [Math.sin(turn * 2 * Math.PI), -Math.cos(turn * 2 * Math.PI)]
    const at = (t: number) => -tail + t * (length + tail)
    return widths.map((radius, i) => {
      const [from, to] = [at(i / widths.length), at((i + 1) / widths.length)]
      return {
        x0: MIDDLE + from * c,
        y0: MIDDLE + from * s,
        x1: MIDDLE + to * c,
        y1: MIDDLE + to * s,
        radius,
      }
    })
  }
  return [
    ...taper((10 + 8.6 / 60) / 12, 262, [7, 8, 9, 8, 7, 6, 7, 19, 23, 16, 7, 5, 3.5], 60),
    ...taper(8.6 / 60, 414, [6, 6.5, 7, 6.5, 6, 5.5, 5, 5, 4.5, 6, 15, 12, 5, 3.5, 2.5], 80),
    ...taper(36 / 60, 400, [3.5, 3, 2.2, 2, 1.8, 1.6, 1.4], 110),
    { x0: MIDDLE, y0: MIDDLE, x1: MIDDLE + 0.1, y1: MIDDLE, radius: 26 },
  ]
}
