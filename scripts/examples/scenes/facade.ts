import { develop, expose } from '../camera.ts'
import { fractal, hash, noise } from '../random.ts'
import { mixRgb, picture, plane, type Rgb, scaleRgb, smooth, srgb } from '../raster.ts'
import { look, rays, shine, unit, type Vector } from '../relief.ts'
import type { Scene } from './scene.ts'

/** Texels of the wall; windows are cut out of it. */
const WIDTH = 2100
const HEIGHT = 1680
/** From window to window. */
const BAY = { x: 300, y: 372 }
const OPENING = { left: 78, right: 222, top: 92, bottom: 312 }
/** How far the glass lies behind the wall. */
const DEPTH = 44
const SUN = unit([0.62, -0.55, 0.56])
const SUNLIGHT: Rgb = [2.2, 1.98, 1.62]
const SKYLIGHT: Rgb = [0.38, 0.46, 0.6]
const STONE = srgb('#c9b393')

export const facade: Scene = {
  name: 'facade',
  shows:
    'Sash windows that mirror the sky and the houses across: bars, reflections and curtains that models straighten.',
  draw() {
    const height = plane(WIDTH, HEIGHT, relief)
    const albedo = picture(WIDTH, HEIGHT, stone)
    const lit = shine(
      { height, albedo },
      { sun: SUN, sunColour: SUNLIGHT, skyColour: SKYLIGHT, penumbra: 0.05 },
    )
    const ray = rays({
      centre: [WIDTH / 2 - 60, HEIGHT / 2 + 20],
      turn: [-0.3, -0.5, 0.03],
      distance: 2300,
      scale: 3.9,
    })
    const light = expose(288, 288, 161, (x, y, u, v) => {
      const beam = ray(x - 144, y - 144, u, v)
      const [wx, wy] = reach(beam, 0)
      const { bay, storey, x: u0, y: v0 } = within(wx, wy)
      if (!isOpen(u0, v0)) return look(beam, height, 30, lit) ?? [0.5, 0.6, 0.8]
      return opening(beam, bay, storey)
    })
    return develop(light, { seed: 162, gain: 0.86 })
  },
}

interface Beam {
  from: Vector
  towards: Vector
}

/** Where a beam meets the plane at height z. */
function reach({ from, towards }: Beam, z: number): [number, number] {
  const t = (z - from[2]) / towards[2]
  return [from[0] + towards[0] * t, from[1] + towards[1] * t]
}

function within(x: number, y: number) {
  const [bay, storey] = [Math.floor(x / BAY.x), Math.floor(y / BAY.y)]
  return { bay, storey, x: x - bay * BAY.x, y: y - storey * BAY.y }
}

function isOpen(x: number, y: number): boolean {
  return x > OPENING.left && x < OPENING.right && y > OPENING.top && y < OPENING.bottom
}

/** Height of the wall: ashlar with joints, window surrounds, sills and a string course. */
function relief(x: number, y: number): number {
  const { x: u, y: v } = within(x, y)
  const around = Math.max(OPENING.left - u, u - OPENING.right, OPENING.top - v, v - OPENING.bottom)
  const grit = 1.6 * (fractal(x / 3, y / 3, 163, 4) - 0.5)
  const sill =
    v > OPENING.bottom && v < OPENING.bottom + 20 && u > OPENING.left - 34 && u < OPENING.right + 34
  if (sill) return 24 + grit
  const head = v < OPENING.top && v > OPENING.top - 34 && u > OPENING.left - 30 && u < OPENING.right + 30
  if (head) return (v < OPENING.top - 24 ? 22 : 13) + grit
  if (around < 0) return 0
  if (around < 24 && v < OPENING.bottom) return 10 + grit
  if (v > 352) return (v > 358 ? 20 : 12) + grit
  return block(x, y).edge + grit
}

function block(x: number, y: number): { edge: number; id: number } {
  const course = 46.5
  const row = Math.floor(y / course)
  const length = 118
  const at = x / length + (row % 2) * 0.5
  const column = Math.floor(at)
  const [u, v] = [(at - column) * length, y - row * course]
  const gap = Math.min(u, length - u, v, course - v) + 1.5 * (noise(x / 9, y / 9, 164) - 0.5)
  return { edge: 6 * smooth(1, 4.5, gap), id: hash(column, row, 165) }
}

function stone(x: number, y: number): Rgb {
  const { x: u, y: v } = within(x, y)
  const { id, edge } = block(x, y)
  const grit = fractal(x / 4, y / 4, 166, 4)
  const bed = fractal(x / 90, y / 12, 167, 3)
  const dressed = isDressed(u, v)
  const tint = dressed
    ? mixRgb(STONE, [0.8, 0.76, 0.68], 0.35)
    : mixRgb(STONE, srgb('#a98a66'), 0.55 * id * bed)
  // Rain carries soot from under the sills.
  const below = v > OPENING.bottom ? smooth(OPENING.bottom + 60, OPENING.bottom + 18, v) : 0
  const streak = below * smooth(0.42, 0.7, fractal(x / 9, y / 140, 168, 3))
  const soot = 0.55 * streak + 0.4 * smooth(0.52, 0.78, fractal(x / 160, y / 210, 169, 4))
  return scaleRgb(tint, (0.62 + 0.42 * grit) * (1 - soot) * (dressed ? 1 : 0.7 + 0.05 * edge))
}

function isDressed(u: number, v: number): boolean {
  const around = Math.max(OPENING.left - u, u - OPENING.right, OPENING.top - v, v - OPENING.bottom)
  return around < 34 || v > 352
}

/** Inside an opening: its sides, the sash, and the glass. */
function opening(beam: Beam, bay: number, storey: number): Rgb {
  const [gx, gy] = reach(beam, -DEPTH)
  const [u, v] = [gx - bay * BAY.x, gy - storey * BAY.y]
  if (!isOpen(u, v)) return reveal(u, v, beam, bay, storey)
  const lit = sunAt(u, v, DEPTH)
  const bars = sash(u, v, bay, storey)
  if (bars !== undefined) {
    const dirt = 0.8 + 0.3 * fractal(gx / 6, gy / 6, 170, 3)
    return shade(scaleRgb(srgb('#e6e2d6'), bars * dirt), lit * 0.62, 0.6)
  }
  return glass(beam, u, v, bay, storey)
}

/** Sides, head and sill of an opening, seen where the beam meets them before the glass. */
function reveal(u: number, v: number, beam: Beam, bay: number, storey: number): Rgb {
  const [fromU, fromV] = [u + beam.towards[0], v + beam.towards[1]]
  const side = u <= OPENING.left || u >= OPENING.right
  const limit = side
    ? u <= OPENING.left
      ? OPENING.left
      : OPENING.right
    : v <= OPENING.top
      ? OPENING.top
      : OPENING.bottom
  const [position, rate] = side ? [u, beam.towards[0]] : [v, beam.towards[1]]
  // From the plane of the glass back along the beam to the side.
  const back = ((position - limit) / rate) * -beam.towards[2]
  const z = -DEPTH + back
  const along = side ? fromV : fromU
  const grit = 0.75 + 0.4 * fractal(along / 5 + bay * 31, z / 5 + storey * 17, 171, 3)
  const normal: Vector = side ? [u <= OPENING.left ? 1 : -1, 0, 0] : [0, v <= OPENING.top ? 1 : -1, 0]
  const facing = Math.max(normal[0] * SUN[0] + normal[1] * SUN[1], 0)
  const shadowed = side ? sunAt(limit - normal[0], v, -z) : sunAt(u, limit - normal[1], -z)
  return shade(scaleRgb(STONE, grit * 0.8), facing * shadowed, 0.3 + 0.4 * smooth(-DEPTH, 0, z))
}

function shade(albedo: Rgb, sun: number, sky: number): Rgb {
  const channel = (c: 0 | 1 | 2) => albedo[c] * (SUNLIGHT[c] * sun + SKYLIGHT[c] * sky)
  return [channel(0), channel(1), channel(2)]
}

/** Share of the sun that reaches a point behind the wall through its opening. */
function sunAt(u: number, v: number, depth: number): number {
  const [x, y] = [u + (SUN[0] / SUN[2]) * depth, v + (SUN[1] / SUN[2]) * (depth + 20)]
  const edge = Math.min(x - OPENING.left, OPENING.right - x, y - OPENING.top, OPENING.bottom + 40 - y)
  return smooth(-1.5, 2.5, edge)
}

/** Brightness of the wooden frame, or undefined where there is glass: two sashes of three by two panes. */
function sash(u: number, v: number, bay: number, storey: number): number | undefined {
  const [width, height] = [OPENING.right - OPENING.left, OPENING.bottom - OPENING.top]
  const raised = hash(bay, storey, 172) > 0.7 ? 34 * hash(bay, storey, 173) : 0
  const [x, y] = [u - OPENING.left, v - OPENING.top]
  const middle = height / 2 - raised
  if (Math.min(x, width - x, y, height - y) < 9) return 0.9
  if (Math.abs(y - middle) < 6) return y > middle ? 0.75 : 1
  if (raised > 0 && y > height - raised - 4 && y < height - raised + 6) return 0.8
  if (raised > 0 && y > height - raised) return undefined
  const pane = width / 3
  const [nearX, nearY] = [
    Math.abs(x - pane * Math.round(x / pane)),
    (y < middle ? y / middle : (y - middle) / (height - middle)) - 0.5,
  ]
  return nearX < 2.3 || Math.abs(nearY) * (height / 2) < 2.3 ? 0.95 : undefined
}

/** What a pane shows: the room behind it, and what it mirrors, more of it the flatter the view. */
function glass(beam: Beam, u: number, v: number, bay: number, storey: number): Rgb {
  const pane = hash(
    Math.floor((u - OPENING.left) / 48) + bay * 7,
    Math.floor((v - OPENING.top) / 55) + storey * 11,
    174,
  )
  // Old panes are neither flat nor parallel.
  const warp = (seed: number) =>
    0.05 * (pane - 0.5) + 0.09 * (fractal(u / 50 + pane * 40, v / 60, seed, 2) - 0.5)
  const normal = unit([warp(175), warp(176), 1])
  const d = beam.towards
  const facing = -(d[0] * normal[0] + d[1] * normal[1] + d[2] * normal[2])
  const mirrored = unit([
    d[0] + 2 * facing * normal[0],
    d[1] + 2 * facing * normal[1],
    d[2] + 2 * facing * normal[2],
  ])
  const share = 0.16 + 0.84 * (1 - facing) ** 3.5
  const behind = room(u, v, bay, storey)
  return mixRgb(behind, street(mirrored), Math.min(share * 1.5, 0.9))
}

const CURTAINS: Rgb[] = ['#d8d3c6', '#d8d3c6', '#8c4a3c', '#7d8a76', '#c9b78c'].map(srgb)

function room(u: number, v: number, bay: number, storey: number): Rgb {
  const kind = hash(bay, storey, 177)
  const [x, y] = [
    (u - OPENING.left) / (OPENING.right - OPENING.left),
    (v - OPENING.top) / (OPENING.bottom - OPENING.top),
  ]
  const dark = scaleRgb(srgb('#3a2f26'), 0.12 + 0.2 * smooth(0.2, 1, y) * noise(x * 4, y * 4, 178 + bay))
  if (kind < 0.2)
    return y < 0.2 + kind * 2.4 ? scaleRgb(srgb('#d9cfae'), 0.42 - 0.06 * Math.sin(y * 240)) : dark
  const drawn = 0.12 + 0.28 * hash(bay, storey, 179) + 0.07 * Math.sin(y * 3)
  const fromSide = Math.min(x, 1 - x)
  if (kind < 0.8 && fromSide < drawn)
    return scaleRgb(
      CURTAINS[Math.floor(kind * 5)],
      0.3 + 0.14 * Math.sin(fromSide * 95 + 2 * noise(y * 3, bay, 180)),
    )
  // A lamp lights the back wall.
  return kind > 0.86
    ? mixRgb(dark, srgb('#e2a860'), 0.5 * smooth(0.75, 0.1, Math.hypot(x - 0.65, y - 0.4)))
    : dark
}

/** What lies across the street: houses with windows of their own below a sky with clouds. */
function street([x, y, z]: Vector): Rgb {
  const [across, up] = [x / Math.max(z, 0.15), -y / Math.max(z, 0.15)]
  const block = Math.floor(across * 2.6 + 20)
  const roofline = -0.05 + 0.42 * hash(block, 0, 181) + 0.06 * Math.abs(((across * 2.6 + 20) % 1) - 0.5)
  if (up > roofline) {
    const cloud = smooth(0.46, 0.68, fractal(across * 2.4 + 5, up * 4, 182, 5))
    return mixRgb(mixRgb([0.42, 0.6, 0.98], [0.8, 0.88, 1], smooth(1.4, 0, up)), [1.25, 1.2, 1.12], cloud)
  }
  const [wx, wy] = [(((across * 11 + 90) % 1) + 1) % 1, (((up * 9 + 90) % 1) + 1) % 1]
  const pane = wx > 0.3 && wx < 0.72 && wy > 0.22 && wy < 0.78
  const wall = mixRgb(srgb('#8a5a44'), srgb('#b9a58a'), hash(block, 1, 183))
  return pane ? [0.05, 0.055, 0.07] : scaleRgb(wall, 0.5)
}
