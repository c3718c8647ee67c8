import { develop } from '../camera.ts'
import { fractal, stream } from '../random.ts'
import { blur, mixRgb, type Picture, picture, type Rgb, scaleRgb, smooth, srgb } from '../raster.ts'
import { unit, type Vector } from '../relief.ts'
import type { Scene } from './scene.ts'

/** Side of the photograph, and how much finer it is painted. */
const SIDE = 288
const FINE = 4
const CANVAS = SIDE * FINE
const SUN = unit([-0.5, -0.68, 0.58])
const SUNLIGHT: Rgb = [2.5, 2.3, 1.8]
const SKYLIGHT: Rgb = [0.3, 0.4, 0.46]
const GREENS: Rgb[] = ['#3a5a2a', '#4c6b30', '#2c4a2a', '#5f7a38', '#435f33'].map(srgb)
const AUTUMN: Rgb[] = ['#b3872f', '#9c4a26', '#7f7a2c'].map(srgb)

export const foliage: Scene = {
  name: 'foliage',
  shows: 'Leaves and berries in sun and shade: texture without plan, the first thing that is made up.',
  draw() {
    const next = stream(201)
    let canvas = background()
    // From the back to the front: larger, sharper, brighter.
    for (const layer of [
      { leaves: 300, size: 52, sun: 0.3, blur: 8 },
      { leaves: 340, size: 60, sun: 0.5, blur: 4.5 },
      { leaves: 300, size: 70, sun: 0.8, blur: 2 },
      { leaves: 230, size: 82, sun: 1, blur: 0 },
      { leaves: 95, size: 98, sun: 1, blur: 0 },
    ]) {
      for (let i = 0; i < layer.leaves; i++) {
        if (i % 24 === 5 && layer.blur < 6) twig(canvas, next, layer.size, layer.sun)
        if (i % 26 === 9 && layer.blur < 3) cluster(canvas, next, layer.size * 0.17, layer.sun)
        leaf(canvas, randomLeaf(next, layer.size, layer.sun))
      }
      if (layer.blur) canvas = blur(canvas, layer.blur, 3)
      // The next layer keeps sky and sun from this one.
      if (layer.sun < 1) canvas.data = canvas.data.map(value => value * 0.62)
    }
    return develop(reduced(canvas), { seed: 202, gain: 1.25, vignette: 0.25, softness: 0.4 })
  },
}

function background(): Picture {
  const wide = picture(CANVAS / 8, CANVAS / 8, (x, y) => {
    const gap = smooth(0.5, 0.75, fractal(x / 22, y / 22, 203, 3))
    return mixRgb([0.01, 0.016, 0.01], [0.3, 0.4, 0.38], gap * smooth(CANVAS / 8, 0, y) * 0.5)
  })
  return picture(CANVAS, CANVAS, (x, y) => {
    const i = (Math.floor(y / 8) * wide.width + Math.floor(x / 8)) * 3
    return [wide.data[i], wide.data[i + 1], wide.data[i + 2]]
  })
}

interface Leaf {
  /** Middle of the blade and half its length, in canvas pixels. */
  x: number
  y: number
  length: number
  /** Width relative to length, and the direction of the tip. */
  slim: number
  turn: number
  /** How far it leans out of the picture's plane, along and across. */
  lean: readonly [number, number]
  colour: Rgb
  sun: number
  seed: number
}

function randomLeaf(next: () => number, size: number, sun: number): Leaf {
  const kind = next()
  const seed = Math.floor(next() * 1e6)
  const green = GREENS[Math.floor(next() * GREENS.length)]
  const colour =
    kind > 0.93 ? mixRgb(green, AUTUMN[Math.floor(next() * AUTUMN.length)], 0.35 + 0.6 * next()) : green
  return {
    x: next() * CANVAS * 1.1 - CANVAS * 0.05,
    y: next() * CANVAS * 1.1 - CANVAS * 0.05,
    length: size * (0.4 + 0.35 * next() + 0.45 * next()),
    slim: 0.4 + 0.2 * next(),
    turn: 0.9 + (next() + next() + next() - 1.5) * 2.4,
    lean: [(next() - 0.5) * 1.5, (next() - 0.5) * 1.6],
    colour: scaleRgb(colour, 0.75 + 0.5 * next()),
    sun,
    seed,
  }
}

/** Paints one leaf over the canvas, its shadow first. */
function leaf(canvas: Picture, each: Leaf): void {
  const reach = each.length * 1.25
  over(canvas, each.x + each.length * 0.22, each.y + each.length * 0.32, reach, (dx, dy) => {
    const { side, along } = blade(each, dx, dy)
    return Math.abs(along) < 1.1 ? { colour: [0, 0, 0], cover: 0.72 * smooth(1.35, 0.5, side) } : undefined
  })
  over(canvas, each.x, each.y, reach, (dx, dy) => {
    const point = blade(each, dx, dy)
    if (Math.abs(point.along) > 1 || point.side > 1.02) return undefined
    const open = sunlit(each.x + dx, each.y + dy)
    return {
      colour: leafLight({ ...each, sun: each.sun * open }, point),
      cover: smooth(1.02, 0.97, point.side),
    }
  })
}

/** Light through the crown above: patches of sun, 0.08..1. */
function sunlit(x: number, y: number): number {
  const gap = fractal(x / 330 + 3, y / 300, 207, 3) + 0.16 * (fractal(x / 60, y / 60, 208, 2) - 0.5)
  return 0.08 + 0.92 * smooth(0.42, 0.52, gap)
}

interface BladePoint {
  /** -1 at the stalk, 1 at the tip. */
  along: number
  /** Signed distance from the midrib relative to the half width there, and its absolute value with teeth. */
  across: number
  side: number
}

function blade({ length, slim, turn, lean, seed }: Leaf, dx: number, dy: number): BladePoint {
  const [c, s] = [Math.cos(turn), Math.sin(turn)]
  const along = (dx * c + dy * s) / (length * Math.cos(lean[0]))
  const curve = 0.12 * ((seed % 7) / 3 - 1) * (1 - along * along)
  const sideways = (-dx * s + dy * c) / (length * Math.cos(lean[1])) - curve
  const tip = Math.max(1 - along, 0)
  const foot = Math.max(1 + along, 0)
  const half = slim * Math.min(tip, 1.1) ** 0.8 * Math.min(foot, 1.4) ** 0.5 * 0.95
  const teeth = 1 + 0.1 * Math.abs(((along * 9 + 50) % 1) - 0.5) - 0.03
  const across = sideways / Math.max(half, 1e-3)
  return { along, across, side: Math.abs(across) / teeth }
}

function leafLight({ lean, turn, colour, sun, seed, length }: Leaf, { along, across }: BladePoint): Rgb {
  const fold = across > 0 ? 0.28 : -0.28
  // Side veins run forward from the midrib, and the blade bulges between them.
  const vein = Math.abs((((along - Math.abs(across) * 0.42) * 6.5 + 40) % 1) - 0.5)
  const bulge = (vein - 0.25) * 0.9
  const [c, s] = [Math.cos(turn), Math.sin(turn)]
  const [slopeAlong, slopeAcross] = [
    Math.tan(lean[0] * 0.8) * 0.6 + bulge * 0.5 + 0.25 * along,
    Math.tan(lean[1] * 0.8) * 0.6 + fold,
  ]
  const normal = unit([-(slopeAlong * c - slopeAcross * s), -(slopeAlong * s + slopeAcross * c), 1])
  const facing = normal[0] * SUN[0] + normal[1] * SUN[1] + normal[2] * SUN[2]
  const through = Math.max(-facing, 0) * 0.8 + 0.12
  const half = unit([SUN[0], SUN[1], SUN[2] + 1])
  const gloss = 0.55 * Math.max(normal[0] * half[0] + normal[1] * half[1] + normal[2] * half[2], 0) ** 24
  // Wax mirrors the sky above.
  const waxy =
    0.16 * smooth(0.1, 0.75, -normal[1]) * (0.7 + 0.6 * fractal(along * 4, across * 4 + seed, 209, 2))
  const mottle = 0.75 + 0.5 * fractal(along * 7 + seed, across * 3, 204, 3)
  const pale = Math.max(
    smooth(0.07, 0.02, Math.abs(across) * (1.2 + along * 0.5)),
    0.5 * smooth(0.09, 0.02, vein) * smooth(1, 0.5, Math.abs(across)),
  )
  const holed = fractal(along * 5 + seed * 3, across * 2.5 + length, 205, 3) > 0.8
  const skin = mixRgb(scaleRgb(colour, mottle), srgb('#b7c98a'), 0.45 * pale)
  const spotted = holed ? mixRgb(skin, srgb('#5b3d1c'), 0.8) : skin
  const channel = (c3: 0 | 1 | 2) =>
    spotted[c3] *
      (sun * SUNLIGHT[c3] * (Math.max(facing, 0) + through * (c3 === 1 ? 0.55 : 0.25)) +
        SKYLIGHT[c3] * (0.55 + 0.45 * sun)) +
    gloss * sun * SUNLIGHT[c3] * 0.5 +
    waxy * SKYLIGHT[c3]
  return [channel(0), channel(1), channel(2)]
}

function twig(canvas: Picture, next: () => number, size: number, sun: number): void {
  const [x, y, turn, length] = [next() * CANVAS, next() * CANVAS, next() * Math.PI, size * (1.6 + 2 * next())]
  const [c, s, bend] = [Math.cos(turn), Math.sin(turn), (next() - 0.5) * 0.5]
  const radius = 2.2 + size * 0.03
  over(canvas, x, y, length, (dx, dy) => {
    const along = (dx * c + dy * s) / length
    const across = -dx * s + dy * c - bend * length * (along * along - 0.3)
    if (Math.abs(along) > 1 || Math.abs(across) > radius) return undefined
    const lit = 0.35 + 0.65 * smooth(radius, -radius, across * Math.sign(c * 0.6 + s))
    const bark = 0.7 + 0.6 * fractal((dx + x) / 5, (dy + y) / 5, 206, 3)
    return {
      colour: scaleRgb(srgb('#6b5138'), lit * bark * (0.35 + 1.3 * sun)),
      cover: smooth(radius, radius - 1.2, Math.abs(across)),
    }
  })
}

/** A few berries on a common stalk. */
function cluster(canvas: Picture, next: () => number, radius: number, sun: number): void {
  const [x, y] = [next() * CANVAS, next() * CANVAS]
  for (let i = 0; i < 5; i++)
    berry(
      canvas,
      x + (next() - 0.5) * radius * 5,
      y + (next() - 0.5) * radius * 5,
      radius * (0.8 + 0.4 * next()),
      sun,
    )
}

function berry(canvas: Picture, x: number, y: number, radius: number, sun: number): void {
  over(canvas, x + radius * 0.5, y + radius * 0.7, radius * 1.4, (dx, dy) => {
    return { colour: [0, 0, 0], cover: 0.5 * smooth(radius * 1.3, radius * 0.6, Math.hypot(dx, dy)) }
  })
  over(canvas, x, y, radius, (dx, dy) => {
    const distance = Math.hypot(dx, dy) / radius
    if (distance > 1) return undefined
    const normal: Vector = [dx / radius, dy / radius, Math.sqrt(1 - distance * distance)]
    const facing = Math.max(normal[0] * SUN[0] + normal[1] * SUN[1] + normal[2] * SUN[2], 0)
    const mirrored = 2 * facing * normal[2] - SUN[2]
    const shine = smooth(0.93, 0.99, mirrored) * 1.1 + 0.09 * smooth(0.5, 1, distance)
    const calyx = Math.hypot(dx - radius * 0.35, dy - radius * 0.45) < radius * 0.17
    const skin = calyx ? srgb('#2b1712') : srgb('#a8201c')
    const channel = (c: 0 | 1 | 2) =>
      skin[c] * (sun * SUNLIGHT[c] * facing + SKYLIGHT[c] * 0.7) + shine * sun * 0.8
    return { colour: [channel(0), channel(1), channel(2)], cover: smooth(1, 0.94, distance) }
  })
}

/** Blends a shape over the canvas around a point. */
function over(
  canvas: Picture,
  x: number,
  y: number,
  reach: number,
  at: (dx: number, dy: number) => { colour: Rgb; cover: number } | undefined,
): void {
  const [left, right] = [Math.max(Math.floor(x - reach), 0), Math.min(Math.ceil(x + reach), CANVAS - 1)]
  const [top, bottom] = [Math.max(Math.floor(y - reach), 0), Math.min(Math.ceil(y + reach), CANVAS - 1)]
  for (let py = top; py <= bottom; py++)
    for (let px = left; px <= right; px++) {
      const point = at(px - x, py - y)
      if (!point || point.cover <= 0) continue
      const i = (py * CANVAS + px) * 3
      for (const c of [0, 1, 2] as const)
        canvas.data[i + c] += (point.colour[c] - canvas.data[i + c]) * point.cover
    }
}

/** Averages squares of canvas pixels. */
function reduced({ data }: Picture): Picture {
  return picture(SIDE, SIDE, (x, y) => {
    const sum: [number, number, number] = [0, 0, 0]
    for (let j = 0; j < FINE; j++)
      for (let i = 0; i < FINE; i++)
        for (const c of [0, 1, 2] as const) sum[c] += data[((y * FINE + j) * CANVAS + x * FINE + i) * 3 + c]
    return scaleRgb(sum, 1 / (FINE * FINE))
  })
}
