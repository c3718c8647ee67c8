import { develop, expose } from '../camera.ts'
import { fractal, hash, noise } from '../random.ts'
import { mixRgb, picture, plane, type Rgb, scaleRgb, smooth, srgb } from '../raster.ts'
import { look, rays, shine } from '../relief.ts'
import type { Scene } from './scene.ts'

const SIZE = 1152
/** Texels from yarn to yarn. */
const YARN = 13
const COLOURS: Record<string, Rgb> = {
  g: srgb('#3d5a45'),
  n: srgb('#273149'),
  r: srgb('#94322f'),
  w: srgb('#d9d0b8'),
  y: srgb('#c79a3a'),
}
/** Threads of the sett, mirrored at both ends. */
const SETT = 'gggggggggwggggnnnnnnnnrrrnnnnnnnnynnn'

export const fabric: Scene = {
  name: 'fabric',
  shows:
    'Woven tartan in soft folds: a twill at the limit of resolution, which invites moiré and false weaves.',
  draw() {
    const fold = plane(SIZE, SIZE, folds)
    const weave = plane(SIZE, SIZE)
    const albedo = picture(SIZE, SIZE, (x, y) => {
      const { height, colour } = thread(x, y, fold.data[y * SIZE + x])
      weave.data[y * SIZE + x] = height
      return colour
    })
    const height = { ...fold, data: fold.data.map((value, i) => value + weave.data[i]) }
    const strength = plane(SIZE, SIZE, () => 0.035)
    const lit = shine(
      { height, albedo, gloss: { strength, exponent: 6 } },
      { sun: [-0.75, -0.5, 0.62], sunColour: [1.9, 1.8, 1.62], skyColour: [0.34, 0.37, 0.43], penumbra: 0.3 },
    )
    const ray = rays({
      centre: [SIZE / 2, SIZE / 2],
      turn: [0.25, -0.18, 0.3],
      distance: 2600,
      scale: 2.6,
      lens: { diameter: 26, focus: 20 },
    })
    const light = expose(
      288,
      288,
      11,
      (x, y, u, v) => look(ray(x - 144, y - 144, u, v), height, 0, lit) ?? [0, 0, 0],
    )
    return develop(light, { seed: 12, gain: 1.05 })
  },
}

/** Drape, in texels: a few long folds and the small unevenness of cloth that was handled. */
function folds(x: number, y: number): number {
  const bend = 60 * fractal(x / 500, y / 500, 21, 2)
  const along = (x * 0.8 + y * 0.6 + bend * 2) / 330
  const across = (-x * 0.6 + y * 0.8) / 900
  const wave = Math.sin(along * Math.PI * 2 + 1.1 * Math.sin(across * 4))
  return 34 * wave + 16 * Math.sin(along * 4.1 + across * 5) + 26 * fractal(x / 150, y / 150, 22, 3)
}

/** One point of the weave, a 2/2 twill: which yarn lies on top, how high, and its colour with its fibres. */
function thread(x: number, y: number, fold: number): { height: number; colour: Rgb } {
  // Cloth follows the folds, so its grid does.
  const gx = x + fold * 0.35 + 5 * fractal(x / 90, y / 90, 31, 2)
  const gy = y - fold * 0.2 + 5 * fractal(x / 90, y / 90, 32, 2)
  const [i, j] = [Math.floor(gx / YARN), Math.floor(gy / YARN)]
  const [fx, fy] = [gx / YARN - i - 0.5, gy / YARN - j - 0.5]
  const phase = (((i + j) % 4) + 4) % 4
  const warp = phase < 2
  const [acrossYarn, alongYarn, yarn] = warp ? [fx, fy, i] : [fy, fx, j]
  // A float passes over two yarns; it dips where it goes under.
  const first = warp ? phase === 1 : phase === 2
  const t = (alongYarn + (first ? 0.5 : 1.5)) / 2
  const arch = Math.sin(Math.PI * Math.min(Math.max(t, 0.03), 0.97))
  const round = Math.sqrt(Math.max(1 - (acrossYarn * 1.9) ** 2, 0))
  const thickness = 0.85 + 0.3 * hash(yarn, warp ? 1 : 2, 33)
  const twist = noise((warp ? gx : gy) / 2.4 + (warp ? gy : gx) / 4, (warp ? gy : gx) / 7, 34 + yarn)
  const dye = 0.8 + 0.25 * hash(yarn, warp ? 3 : 4, 35) + 0.35 * (twist - 0.5)
  const fuzz = fractal(x / 3, y / 3, 36, 2) - 0.5
  const stray = noise(x / 1.6 + 3 * noise(x / 9, y / 9, 37), y / 8, 38) > 0.9 ? 0.05 : 0
  const colour = COLOURS[SETT[mirrored(yarn + (warp ? 0 : 11), SETT.length)]]
  const deep = smooth(0, 0.75, round * (0.35 + 0.65 * arch))
  return {
    height: 4.4 * round * (0.45 + 0.55 * arch) * thickness + 0.9 * (twist - 0.5) + 0.8 * fuzz,
    colour: scaleRgb(
      mixRgb(colour, [0.5, 0.5, 0.48], 0.05 + stray + 0.1 * Math.max(fuzz, 0)),
      dye * (0.45 + 0.55 * deep),
    ),
  }
}

function mirrored(index: number, length: number): number {
  const period = 2 * length - 2
  const at = ((index % period) + period) % period
  return at < length ? at : period - at
}
