import { develop, expose } from '../camera.ts'
import { cells, fractal, hash, noise } from '../random.ts'
import { mixRgb, picture, plane, type Rgb, scaleRgb, smooth, srgb } from '../raster.ts'
import { look, rays, shine } from '../relief.ts'
import type { Scene } from './scene.ts'

const WIDTH = 1536
const HEIGHT = 1536
/** Texels from tile to tile, and from course to course. */
const TILE = 86
const COURSE = 74
const CLAY: Rgb[] = ['#9c5a42', '#a8654c', '#85483a', '#8f5a48', '#b37d60', '#6e4439'].map(srgb)
const LICHEN: Rgb[] = [srgb('#c9c8a8'), srgb('#b9923f'), srgb('#9fa58c')]
const MOSS = srgb('#4a5a2a')

export const roof: Scene = {
  name: 'roof',
  shows: 'Old plain tiles with lichen and moss: many alike but unequal parts, which come back too regular.',
  draw() {
    const height = plane(WIDTH, HEIGHT)
    const albedo = picture(WIDTH, HEIGHT, (x, y) => {
      const point = tile(x, y)
      height.data[y * WIDTH + x] = point.height
      return point.colour
    })
    const strength = plane(WIDTH, HEIGHT, () => 0.02)
    const lit = shine(
      { height, albedo, gloss: { strength, exponent: 9 } },
      {
        sun: [0.72, -0.42, 0.5],
        sunColour: [2.5, 2.25, 1.85],
        skyColour: [0.36, 0.43, 0.55],
        penumbra: 0.06,
      },
    )
    const ray = rays({
      centre: [WIDTH / 2, HEIGHT / 2 - 40],
      turn: [-0.62, 0.22, -0.05],
      distance: 1900,
      scale: 3.4,
      lens: { diameter: 22, focus: 0 },
    })
    const light = expose(
      288,
      288,
      41,
      (x, y, u, v) => look(ray(x - 144, y - 144, u, v), height, 30, lit) ?? [0.6, 0.7, 0.9],
    )
    return develop(light, { seed: 42, gain: 0.95 })
  },
}

function tile(x: number, y: number): { height: number; colour: Rgb } {
  const sag = 10 * fractal(x / 500, 0.5, 51, 2)
  const top = topmost(x, y + sag)
  const { course, column, u, v, hit } = top
  const id = hash(column, course, 52)
  const tilt = (hash(column, course, 53) - 0.5) * 3 + (hash(column, course, 54) - 0.5) * 5 * u
  // Each course lies on the one below, so a tile rises towards its lower edge.
  const camber = 3 * (1 - (2 * u) ** 2)
  const grit = fractal(x / 4, y / 4, 55, 3) - 0.5
  const pits = noise(x / 2.1, y / 2.1, 56) > 0.86 ? -0.7 : 0
  let height = hit ? 4 + 14 * v + camber + tilt + 1.3 * grit + pits : 0
  const weather = fractal(x / 60, y / 60, 57, 4)
  const kiln = fractal(x / 25 + column * 7, y / 25 + course * 3, 58, 3)
  let colour: Rgb = mixRgb(
    CLAY[Math.floor(id * CLAY.length)],
    CLAY[Math.floor(hash(column, course, 59) * CLAY.length)],
    kiln,
  )
  colour = scaleRgb(colour, 0.72 + 0.3 * weather + 0.35 * grit)
  // Rain leaves the lower edge dark, and soot gathers in streaks.
  colour = scaleRgb(colour, 1 - 0.3 * smooth(0.72, 1, v) * (0.5 + kiln))
  const crust = fractal(x / 5, y / 5, 62, 3)
  for (const [size, seed, share] of [
    [13, 60, 0.22],
    [34, 72, 0.3],
    [80, 75, 0.35],
  ] as const) {
    const warp = 0.55 * (fractal(x / (size * 0.5), y / (size * 0.5), seed + 1, 3) - 0.5)
    const spot = cells(x / size + warp, y / size - warp, seed)
    const spread = share * 1.6 * fractal(x / 210, y / 210, 61, 2)
    if (!hit || spot.id > share || spot.near + 0.5 * (crust - 0.5) > spread * (0.5 + spot.id)) continue
    const kind = LICHEN[Math.floor(hash(Math.floor(spot.id * 9999), 1, 63) * 3)]
    const rim = smooth(0.4, 1, (spot.near + 0.5 * (crust - 0.5)) / (spread * (0.5 + spot.id)))
    colour = mixRgb(colour, scaleRgb(kind, 0.5 + 0.5 * crust), 0.3 + 0.4 * rim)
    height += 0.4 + crust
  }
  const damp = fractal(x / 190, y / 140, 64, 3)
  const cushion = fractal(x / 11, y / 11, 65, 3)
  const gap = Math.max(smooth(0.4, 0.5, Math.abs(u)), smooth(0.16, 0.02, v))
  if (gap * smooth(0.42, 0.66, damp) + 0.45 * smooth(0.58, 0.72, damp) > 0.2 + cushion) {
    colour = scaleRgb(MOSS, 0.35 + 0.8 * fractal(x / 2.2, y / 2.2, 66, 3))
    height += 1 + 7 * (1 - cushion)
  } else if (!hit) colour = scaleRgb(mixRgb(colour, [0.09, 0.08, 0.07], 0.7), 0.6)
  return { height, colour }
}

/** The tile that lies uppermost here: a tile of this course, or below its rounded end one of the next course under it. */
function topmost(x: number, y: number) {
  const course = Math.floor(y / COURSE)
  // v runs from the upper overlap (0) to the lower edge (1).
  const here = place(x, y, course)
  if (here.inside) return { ...here, hit: true }
  const under = place(x, y, course + 1)
  return { ...under, hit: under.inside }
}

function place(x: number, y: number, course: number) {
  const shift = (course % 2) * 0.5 + (hash(course, 0, 67) - 0.5) * 0.12
  const column = Math.floor(x / TILE + shift)
  const slip = (hash(column, course, 68) - 0.5) * 9
  const u = x / TILE + shift - column - 0.5 + (hash(column, course, 69) - 0.5) * 0.03
  const v = (y - course * COURSE + slip) / COURSE
  // The lower end is a shallow arc.
  const end = 0.98 - 0.26 * (2 * u) ** 2 - 0.02 * noise(x / 6, course, 70)
  const chipped = hash(column, course, 71) > 0.93 && u > 0.25 ? 0.08 : 0
  return { course, column, u, v, inside: Math.abs(u) < 0.482 && v < end - chipped }
}
