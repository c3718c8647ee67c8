import { develop, expose } from '../camera.ts'
import { type Hand, ink, type Segment, writeCentred } from '../lettering.ts'
import { cells, fractal, hash, noise } from '../random.ts'
import { blur, mixRgb, picture, plane, type Rgb, sample, scaleRgb, smooth, srgb } from '../raster.ts'
import { look, rays, shine } from '../relief.ts'
import type { Scene } from './scene.ts'

const WIDTH = 1680
const HEIGHT = 1240
/** The painted board, its frame included. */
const BOARD = { left: 240, right: 1440, top: 330, bottom: 800 }
/** Texels that the frame is wide. */
const FRAME = 44
const NAME: Hand = { size: 93, thick: 2.7, thin: 0.85, serif: 1.7, spacing: 1 }
const TRADE: Hand = { size: 44, thick: 1.8, thin: 1.1, spacing: 2.4 }
const SMALL: Hand = { size: 23, thick: 1.9, thin: 0.9, serif: 1.2, spacing: 0.9 }
const BRICKS: Rgb[] = ['#8d5b45', '#9a6a50', '#7d4f40', '#a47a60', '#6f4a40'].map(srgb)

export const sign: Scene = {
  name: 'sign',
  shows: 'A shop sign on a brick wall: gilded letters, and lines of lettering down to a few pixels high.',
  draw() {
    const gold = plane(WIDTH, HEIGHT)
    ink(gold, gilded(), 1.6)
    const white = plane(WIDTH, HEIGHT)
    ink(white, painted(), 1.3)
    const raised = blur(gold, 1.2)
    const strength = plane(WIDTH, HEIGHT)
    const height = plane(WIDTH, HEIGHT)
    const albedo = picture(WIDTH, HEIGHT, (x, y) => {
      const i = y * WIDTH + x
      const inside = Math.min(x - BOARD.left, BOARD.right - x, y - BOARD.top, BOARD.bottom - y)
      if (inside < 0) {
        const { height: level, colour } = brick(x, y)
        height.data[i] = level
        return colour
      }
      height.data[i] = board(x, y, inside) + 9 * raised.data[i]
      strength.data[i] = gold.data[i] > 0.5 ? 0.55 : 0.05
      const bare = paint(x, y, inside)
      const faded = smooth(0.3, 0.42, fractal(x / 9, y / 14, 131, 4))
      const lettered = mixRgb(bare, srgb('#d8d0b4'), white.data[i] * (0.25 + 0.65 * faded))
      const leaf = scaleRgb(srgb('#c99b3e'), 0.75 + 0.5 * fractal(x / 12, y / 12, 132, 3))
      return mixRgb(lettered, leaf, gold.data[i])
    })
    const lit = shine(
      { height, albedo, gloss: { strength, exponent: 18 } },
      {
        sun: [-0.62, -0.68, 0.62],
        sunColour: [2.3, 2.06, 1.68],
        skyColour: [0.37, 0.44, 0.56],
        penumbra: 0.07,
      },
    )
    const shade = leaves()
    for (let y = 0, i = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++) {
        const dark = sample(shade, x / 4, y / 4)
        for (const tint of [0.26, 0.3, 0.37]) lit.data[i++] *= 1 - dark * (1 - tint)
      }
    const ray = rays({
      centre: [WIDTH / 2 + 50, HEIGHT / 2 - 40],
      turn: [0.2, 0.4, 0.05],
      distance: 1650,
      scale: 3.65,
      lens: { diameter: 24, focus: 0 },
    })
    const light = expose(
      320,
      256,
      133,
      (x, y, u, v) => look(ray(x - 160, y - 128, u, v), height, 60, lit) ?? [0.5, 0.6, 0.8],
    )
    return develop(light, { seed: 134, gain: 1 })
  },
}

function gilded(): Segment[] {
  return writeCentred('HOLLIS & WREN', WIDTH / 2, 556, NAME)
}

function painted(): Segment[] {
  const [left, right] = [BOARD.left + 78, BOARD.right - 78]
  const lines: Segment[] = [
    { x0: left, y0: BOARD.top + 78, x1: right, y1: BOARD.top + 78, radius: 1.6 },
    { x0: left, y0: BOARD.bottom - 72, x1: right, y1: BOARD.bottom - 72, radius: 1.6 },
  ]
  return [
    ...writeCentred('BOOKS · MAPS · FINE PRINTS', WIDTH / 2, 652, TRADE),
    ...writeCentred('Bindings repaired, libraries bought and valued', WIDTH / 2, 700, SMALL),
    ...writeCentred('14 Mill Lane · Telephone 2809 · Established 1897', WIDTH / 2, 764, {
      ...SMALL,
      size: 19,
    }),
    ...lines,
  ]
}

function board(x: number, y: number, inside: number): number {
  const grain = 1.1 * fractal(x / 70, y / 3.2, 135, 3)
  if (inside > FRAME) return 24 + grain
  const t = inside / FRAME
  return 30 + 14 * Math.sin(Math.PI * Math.min(t * 1.5, 1)) + 7 * smooth(0.82, 0.76, t) + grain
}

function paint(x: number, y: number, inside: number): Rgb {
  const fade = fractal(x / 190, y / 120, 136, 4)
  const drip = fractal(x / 7, y / 260, 137, 3)
  const flaking = fractal(x / 26, y / 11, 138, 5) + 0.1 * smooth(0.7, 1, y / HEIGHT)
  const base = inside > FRAME ? srgb('#1d3b33') : srgb('#16241f')
  const weathered = mixRgb(base, srgb('#6b7a6c'), 0.12 + 0.3 * smooth(0.45, 0.8, fade) * drip)
  const bareWood = scaleRgb(srgb('#8a7358'), 0.6 + 0.6 * noise(x / 40, y / 2.5, 139))
  return mixRgb(weathered, bareWood, smooth(0.71, 0.73, flaking))
}

function brick(x: number, y: number): { height: number; colour: Rgb } {
  const [length, course] = [150, 52]
  const row = Math.floor(y / course)
  const shift = (row % 2) * 0.5 + (hash(row, 0, 140) - 0.5) * 0.06
  const column = Math.floor(x / length + shift)
  const u = (x / length + shift - column) * length
  const v = y - row * course
  const wobble = 3 * (fractal(x / 16, y / 16, 141, 3) - 0.5)
  const edge = Math.min(u, length - u, v, course - v) + wobble
  const id = hash(column, row, 142)
  const grit = fractal(x / 4, y / 4, 143, 4)
  const speck = cells(x / 9, y / 9, 144)
  const mortar = scaleRgb(srgb('#b3a894'), 0.55 + 0.55 * grit)
  const burnt = fractal(x / 40 + id * 40, y / 30, 145, 3)
  const clay = scaleRgb(
    mixRgb(BRICKS[Math.floor(id * 5)], BRICKS[Math.floor(hash(column, row, 146) * 5)], burnt),
    0.7 + 0.5 * grit,
  )
  const spotted = mixRgb(clay, [0.06, 0.05, 0.05], speck.near < 0.22 && speck.id > 0.6 ? 0.5 : 0)
  const soot = 1 - 0.35 * smooth(0.5, 0.75, fractal(x / 220, y / 160, 147, 3))
  const inBrick = smooth(3, 6, edge)
  return {
    height: 2 + inBrick * (6 + 2 * id) + 2.4 * (grit - 0.5),
    colour: scaleRgb(mixRgb(mortar, spotted, inBrick), soot),
  }
}

/** Shadow of a tree across the street: leaves as discs of light and shade, softened by the size of the sun. */
function leaves() {
  const [width, height] = [WIDTH / 4, HEIGHT / 4]
  const cover = plane(width, height, (x, y) => {
    const crown =
      fractal(x / 90, y / 70, 148, 2) + 0.5 * smooth(0.62, 1, x / width) - 0.32 * smooth(0.4, 0.9, y / height)
    const leaf = cells(x / 15 + 0.4 * fractal(x / 20, y / 20, 149, 2), y / 11, 150)
    return smooth(0.02, 0.1, crown - 0.62 + 0.2 * (0.5 - leaf.near))
  })
  return blur(cover, 2.2)
}
