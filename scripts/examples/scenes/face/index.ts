import { develop, expose } from '../../camera.ts'
import { fractal, noise } from '../../random.ts'
import {
  blur,
  mixRgb,
  type Picture,
  type Plane,
  picture,
  plane,
  type Rgb,
  sampleRgb,
  scaleRgb,
  smooth,
  srgb,
} from '../../raster.ts'
import { illuminate, type Light, look, rays } from '../../relief.ts'
import type { Scene } from '../scene.ts'
import { lashes } from './eye.ts'
import { hair } from './hair.ts'
import { head } from './head.ts'
import { jumper } from './jumper.ts'
import { CENTRE, type FacePoint, NOTHING, SIZE, UNIT } from './space.ts'

const LIGHT: Light = {
  sun: [-0.62, -0.5, 0.72],
  sunColour: [1.32, 1.23, 1.1],
  skyColour: [0.46, 0.46, 0.5],
  penumbra: 0.55,
}

export const face: Scene = {
  name: 'face',
  shows: 'A smiling figure: eyes, lashes, teeth, hair and a knitted collar, where an error is seen at once.',
  draw() {
    const height = plane(SIZE, SIZE)
    const strength = plane(SIZE, SIZE)
    const skin = plane(SIZE, SIZE)
    const covered = plane(SIZE, SIZE)
    const albedo = picture(SIZE, SIZE, (px, py) => {
      const point = faceAt(px, py)
      const i = py * SIZE + px
      height.data[i] = point.height
      strength.data[i] = point.gloss
      skin.data[i] = point.skin
      covered.data[i] = point.covered
      return point.colour
    })
    const lash = lashes()
    for (let i = 0; i < lash.data.length; i++)
      for (const c of [0, 1, 2]) albedo.data[i * 3 + c] *= 1 - 0.93 * lash.data[i]
    const lit = soften(height, albedo, strength, skin)
    const room = backdrop()
    // Blends the outline, which is too steep for the texels.
    const outline = blur(covered, 1.2)
    const scene = picture(SIZE, SIZE, (x, y) => {
      const i = y * SIZE + x
      const behind = sampleRgb(room, x / 4, y / 4)
      const front: Rgb = [lit.data[i * 3], lit.data[i * 3 + 1], lit.data[i * 3 + 2]]
      return mixRgb(behind, front, outline.data[i])
    })
    const ray = rays({
      centre: [SIZE / 2, SIZE / 2 + 10],
      turn: [0.02, 0.13, -0.05],
      distance: 2600,
      scale: 3.4,
      lens: { diameter: 26, focus: -0.75 * UNIT },
    })
    const light = expose(
      288,
      288,
      221,
      (x, y, u, v) => look(ray(x - 144, y - 144, u, v), height, 1.15 * UNIT, scene) ?? [0, 0, 0],
    )
    return develop(light, { seed: 222, gain: 0.98, vignette: 0.3, softness: 0.4 })
  },
}

/** Light under the skin spreads before it comes out again, red the furthest. */
function soften(height: Plane, albedo: Picture, strength: Plane, skin: Plane): Picture {
  const { falling, mirrored } = illuminate({ height, gloss: { strength, exponent: 26 } }, LIGHT)
  const spread = [4.5, 2.4, 1.4].map(sigma => blur(falling, sigma, 3))
  const data = falling.data.map((light, j) => {
    const under = light + (spread[j % 3].data[j] - light) * 0.65 * skin.data[Math.floor(j / 3)]
    return albedo.data[j] * under + mirrored.data[j]
  })
  return { ...falling, data }
}

/** A room out of focus, at a quarter of the scale. */
function backdrop(): Picture {
  const side = SIZE / 4
  const room = picture(side, side, (x, y) => {
    const shelf = Math.abs(((y / side) * 3.2 + 0.3) % 1) < 0.1
    const book = noise(x / 7, Math.floor((y / side) * 3.2 + 0.3) * 9, 223)
    const spine = mixRgb(
      mixRgb(srgb('#5b3a2a'), srgb('#2f4a52'), book),
      srgb('#b08b52'),
      smooth(0.7, 0.9, noise(x / 5, 3, 224)),
    )
    const wall = shelf ? srgb('#6b4a32') : scaleRgb(spine, 0.4)
    const lamp = smooth(34, 10, Math.hypot(x - side * 0.88, y - side * 0.24))
    return mixRgb(scaleRgb(wall, 0.45 + 0.3 * fractal(x / 60, y / 60, 225, 2)), [1.5, 1.05, 0.6], lamp)
  })
  return blur(room, 9, 3)
}

/** One texel of the figure. Inside, x goes to the right and y up, from between the eyes, in units. */
function faceAt(px: number, py: number): FacePoint {
  const [x, y] = [(px - CENTRE.x) / UNIT, (CENTRE.y - py) / UNIT]
  const parts = [head(x, y), jumper(x, y), hair(x, y)]
  return parts.reduce((front, part) => (part.height > front.height ? part : front), NOTHING)
}
