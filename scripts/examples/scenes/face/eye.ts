import { ink, type Segment } from '../../lettering.ts'
import { noise, stream } from '../../random.ts'
import { mixRgb, type Plane, plane, type Rgb, scaleRgb, smooth, srgb } from '../../raster.ts'
import { CENTRE, type FacePoint, SIZE, UNIT } from './space.ts'

/** Middle and half width of an eye, and how far its lids open. */
export const EYE = { x: 0.3, y: 0.17, wide: 0.165, up: 0.068, down: 0.05 }

export function eye(x: number, y: number, z: number, under: FacePoint): FacePoint {
  const side = Math.abs(x)
  const u = (side - EYE.x) / EYE.wide
  if (Math.abs(u) > 1.3) return under
  const v = y - EYE.y - 0.012 * u
  const upper = EYE.up * Math.max(1 - Math.abs(u) ** 2.3, 0)
  const lower = -EYE.down * Math.max(1 - Math.abs(u) ** 2, 0)
  // Lids lie on the ball, with a crease above.
  const onBall = 0.6 + 0.105 * Math.sqrt(Math.max(1 - (u / 1.3) ** 2 - (v / 0.2) ** 2, 0))
  const near = smooth(1.3, 0.85, Math.abs(u)) * smooth(0.17, 0.08, Math.abs(v))
  const lids = z + Math.max(onBall + 0.012 - z, 0) * near
  const crease = Math.exp(-(((v - upper - 0.034) / 0.009) ** 2)) * smooth(1.1, 0.7, Math.abs(u))
  const bag = Math.exp(-(((v - lower + 0.035) / 0.012) ** 2)) * smooth(1, 0.6, Math.abs(u))
  if (Math.abs(u) >= 1 || v > upper || v < lower) {
    const rim =
      smooth(0.016, 0.003, Math.min(Math.abs(v - upper), Math.abs(v - lower))) *
      smooth(1.12, 0.98, Math.abs(u))
    const colour = mixRgb(
      mixRgb(under.colour, srgb('#6a3a2c'), 0.5 * crease + 0.18 * bag),
      srgb('#9c5b4c'),
      0.5 * rim,
    )
    return {
      ...under,
      height: (lids - 0.018 * crease - 0.006 * bag) * UNIT + (under.height - z * UNIT),
      colour,
      gloss: under.gloss + 0.12 * rim,
    }
  }
  return {
    height: (onBall - 0.012) * UNIT,
    colour: eyeball(x, side, v, upper, lower),
    gloss: 0.1,
    skin: 0.25,
    covered: 1,
  }
}

function eyeball(x: number, side: number, v: number, upper: number, lower: number): Rgb {
  // Both eyes look a little to the left of the camera.
  const [dx, dy] = [x - Math.sign(x) * (EYE.x - 0.004) + 0.012, v - 0.006]
  const [radius, angle] = [Math.hypot(dx, dy) / 0.077, Math.atan2(dy, dx)]
  const vein = smooth(0.62, 0.8, noise(side * 60, v * 25, 235)) * smooth(1.2, 2, radius)
  let colour = mixRgb(srgb('#d6ccc2'), srgb('#b97f72'), 0.25 * vein + 0.3 * smooth(1.6, 2.2, radius))
  if (radius < 1.05) {
    const fibre =
      noise(angle * 9 + 40, radius * 2.5, 236) * 0.6 + 0.4 * noise(angle * 23 + 90, radius * 4, 237)
    const iris = mixRgb(
      mixRgb(srgb('#3b5a5e'), srgb('#8fb0a0'), fibre),
      srgb('#a5763c'),
      smooth(0.75, 0.4, radius + 0.25 * (fibre - 0.5)),
    )
    const ringed = scaleRgb(iris, 1 - 0.75 * smooth(0.78, 1, radius))
    colour = mixRgb(
      mixRgb(ringed, [0.006, 0.006, 0.008], smooth(0.42, 0.36, radius)),
      colour,
      smooth(0.96, 1.05, radius),
    )
  }
  const shade = 0.42 + 0.58 * smooth(0, 0.05, upper - v)
  const wet = 0.22 * smooth(0.012, 0.003, v - lower)
  colour = scaleRgb(colour, shade)
  colour = [colour[0] + wet, colour[1] + wet, colour[2] + wet]
  // A window with one bar, mirrored in the cornea.
  const [wx, wy] = [dx + 0.026 - 0.1 * dy, dy - 0.028]
  const pane = Math.abs(wx) < 0.019 && Math.abs(wy) < 0.022 && Math.abs(wx) > 0.0022
  return pane ? [0.92, 0.96, 1] : colour
}

/** Upper and lower lashes as tapering strokes. */
export function lashes(): Plane {
  const next = stream(238)
  const strokes: Segment[] = []
  for (const sign of [-1, 1])
    for (const [row, count] of [
      [1, 46],
      [-1, 22],
    ])
      for (let i = 0; i < count; i++) {
        const u = -0.9 + (1.88 * (i + 0.5 * next())) / count
        const edge = row > 0 ? EYE.up * (1 - Math.abs(u) ** 2.3) : -EYE.down * (1 - u ** 2)
        const length = (row > 0 ? 0.062 : 0.026) * (0.65 + 0.35 * u + 0.3 * next())
        const [dx, dy] = [0.75 * u + 0.25 * (next() - 0.3), row * (0.9 - 0.35 * Math.abs(u))]
        const at = (t: number) => {
          const [sx, sy] = [
            EYE.x + u * EYE.wide + dx * length * t,
            EYE.y + 0.012 * u + edge + dy * length * t * (0.4 + 0.6 * t),
          ]
          return [CENTRE.x + sign * sx * UNIT, CENTRE.y - sy * UNIT]
        }
        for (let k = 0; k < 4; k++) {
          const [[x0, y0], [x1, y1]] = [at(k / 4), at((k + 1) / 4)]
          strokes.push({ x0, y0, x1, y1, radius: (row > 0 ? 1.5 : 0.9) * (1 - k * 0.22) })
        }
      }
  for (const sign of [-1, 1])
    for (let i = 0; i < 24; i++) {
      const at = (k: number) => {
        const u = -0.98 + (k * 1.96) / 24
        return [
          CENTRE.x + sign * (EYE.x + u * EYE.wide) * UNIT,
          CENTRE.y - (EYE.y + 0.012 * u + EYE.up * (1 - Math.abs(u) ** 2.3)) * UNIT,
        ]
      }
      const [[x0, y0], [x1, y1]] = [at(i), at(i + 1)]
      strokes.push({ x0, y0, x1, y1, radius: 1.9 })
    }
  const result = plane(SIZE, SIZE)
  ink(result, strokes, 1.2)
  return result
}
