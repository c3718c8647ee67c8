import { fractal, hash } from '../../random.ts'
import { mixRgb, scaleRgb, smooth, srgb } from '../../raster.ts'
import { ball, type FacePoint, NOTHING, UNIT } from './space.ts'

/** A knitted jumper with a rolled collar: each stitch is a V of two loops. */
export function jumper(x: number, y: number): FacePoint {
  const sag = 0.1 * (1 - (x / 0.5) ** 2)
  const collar = y > -1.3 - sag && y < -1.06 - sag && Math.abs(x) < 0.53
  const z = collar
    ? 0.18 + 0.42 * Math.sqrt(Math.max(1 - (x / 0.54) ** 2, 0)) + 0.02
    : ball(x, y, [0, -1.95, -0.35], [1.5, 0.85, 0.78])
  if (z < 0) return NOTHING
  const bentY = y + 0.12 * x * x
  const [column, row] = collar
    ? [Math.asin(Math.max(-1, Math.min(1, x / 0.54))) * 12, bentY * 17]
    : [x * 17, bentY * 21]
  const u = column - Math.floor(column) - 0.5
  const v = row + Math.abs(u) * 1.5
  const loop = v - Math.floor(v) - 0.5
  const yarn =
    Math.sqrt(Math.max(1 - (loop * 2) ** 2, 0)) *
    smooth(0.02, 0.14, Math.abs(u)) *
    smooth(0.5, 0.36, Math.abs(u))
  const rib = collar ? 0.02 * Math.cos(column * Math.PI) : 0
  const fuzz = fractal(x * 130, y * 130, 246, 3) - 0.5
  const wool = mixRgb(
    srgb('#2f5560'),
    srgb('#6d97a0'),
    0.4 * hash(Math.floor(column), Math.floor(v), 247) + 0.4 * yarn,
  )
  return {
    height: (z + 0.022 * yarn + rib + 0.008 * fuzz) * UNIT,
    colour: scaleRgb(wool, (0.45 + 0.55 * yarn) * (1 + 0.5 * fuzz)),
    gloss: 0.01,
    skin: 0,
    covered: 1,
  }
}
