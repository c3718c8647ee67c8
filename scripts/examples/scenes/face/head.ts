import { cells, fractal, noise } from '../../random.ts'
import { mixRgb, type Rgb, scaleRgb, smooth, srgb } from '../../raster.ts'
import { EYE, eye } from './eye.ts'
import { mouth } from './mouth.ts'
import { ball, bump, type FacePoint, NOTHING, SKIN, softMax, UNIT } from './space.ts'

/** Head and neck with eyes, nose and mouth. */
export function head(x: number, y: number): FacePoint {
  const side = Math.abs(x)
  let z = softMax(
    ball(x, y, [0, 0.25, -0.02], [0.79, 0.98, 0.78]),
    ball(x, y, [0, -0.4, 0.06], [0.585, 0.69, 0.66]),
    0.22,
  )
  z = softMax(z, neck(x, y), 0.05)
  if (z < -0.05) return NOTHING
  z += 0.05 * bump(x, y - 0.4, 0.5, 0.1) - 0.12 * bump(side - EYE.x, y - 0.2, 0.16, 0.11)
  z += 0.15 * bump(side - 0.36, y + 0.2, 0.2, 0.19)
  z += nose(side, y) + 0.05 * bump(x, y + 0.87, 0.17, 0.12) - 0.035 * bump(x, y + 0.72, 0.2, 0.05)
  z -= 0.012 * bump(x, y + 0.31, 0.025, 0.07)
  // The fold from the nose to the corner of the mouth.
  const fold = side - (0.16 + 0.34 * smooth(-0.12, -0.52, y) - 0.1 * smooth(-0.45, -0.62, y))
  z -= 0.022 * Math.exp(-((fold / 0.04) ** 2)) * smooth(-0.1, -0.22, y) * smooth(-0.52, -0.36, y)
  const pores = fractal(x * 95, y * 95, 231, 3) - 0.5
  const bare: FacePoint = {
    height: (z + 0.004 * pores) * UNIT,
    colour: complexion(x, y, pores),
    gloss: 0.075 + 0.06 * bump(side, y + 0.1, 0.12, 0.3),
    skin: 1,
    covered: 1,
  }
  return mouth(x, y, z, eye(x, y, z, brow(x, y, bare)))
}

function neck(x: number, y: number): number {
  return y > -0.55
    ? -9
    : 0.05 + 0.36 * Math.sqrt(Math.max(1 - (x / 0.42) ** 2, 0)) - (Math.abs(x) > 0.42 ? 9 : 0)
}

function nose(side: number, y: number): number {
  const t = smooth(0.36, -0.12, y)
  const ridge =
    (0.03 + 0.17 * t) *
    Math.exp(-((side / (0.06 + 0.055 * t)) ** 2)) *
    smooth(-0.26, -0.12, y) *
    smooth(0.5, 0.2, y)
  const tip = 0.085 * bump(side, y + 0.115, 0.085, 0.075)
  return (
    ridge +
    tip +
    0.1 * bump(side - 0.115, y + 0.13, 0.05, 0.055) -
    0.07 * bump(side - 0.062, y + 0.2, 0.03, 0.018)
  )
}

function complexion(x: number, y: number, pores: number): Rgb {
  const side = Math.abs(x)
  const flush =
    0.5 * bump(side - 0.4, y + 0.16, 0.22, 0.17) +
    0.45 * bump(x, y + 0.12, 0.11, 0.09) +
    0.15 * bump(x, y + 0.85, 0.2, 0.1)
  const mottle = fractal(x * 9, y * 9, 232, 4) - 0.5
  let colour = mixRgb(SKIN, srgb('#c56a58'), 0.42 * flush + 0.22 * mottle)
  const freckle = cells(x * 21, y * 21, 233)
  const freckled =
    (bump(side - 0.28, y + 0.04, 0.3, 0.14) + 0.25) *
    smooth(0.3, 0.14, freckle.near) *
    smooth(0.45, 0.8, freckle.id)
  colour = mixRgb(colour, srgb('#a1633f'), 0.6 * freckled)
  const around = bump(side - EYE.x, y - EYE.y + 0.02, 0.2, 0.12)
  colour = mixRgb(colour, srgb('#a06450'), 0.35 * around)
  const nostril = bump(side - 0.062, y + 0.2, 0.03, 0.016)
  return scaleRgb(mixRgb(colour, srgb('#3a1712'), Math.min(nostril * 1.3, 0.95)), 1 + 0.14 * pores)
}

/** Hairs of the eyebrow, each a stroke of noise along its growth. */
function brow(x: number, y: number, under: FacePoint): FacePoint {
  const side = Math.abs(x)
  const t = (side - 0.12) / 0.42
  if (t < -0.05 || t > 1.05) return under
  const middle = 0.385 + 0.085 * Math.sin(Math.min(Math.max(t, 0), 1) * 2.3) - 0.055 * t
  const across = (y - middle) / (0.042 * (1 - 0.6 * t) + 0.006)
  const lean = y * (1.1 - t) * 1.4
  const strand = noise((side - lean) * 85 + 7 * Math.sign(x), (side + y) * 9, 234)
  const dense = smooth(1.35, 0.4, Math.abs(across)) * smooth(-0.05, 0.1, t) * smooth(1.05, 0.8, t)
  const cover = dense * smooth(0.2, 0.6, strand + 0.4 * dense)
  return {
    ...under,
    colour: mixRgb(under.colour, srgb('#3b2216'), 0.88 * cover),
    height: under.height + 2.5 * cover,
  }
}
