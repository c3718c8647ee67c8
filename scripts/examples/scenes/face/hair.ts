import { fractal, noise } from '../../random.ts'
import { mixRgb, scaleRgb, smooth, srgb } from '../../raster.ts'
import { type FacePoint, NOTHING, SKIN, UNIT } from './space.ts'

const HAIR = srgb('#4a2a1a')

/** Hair with a parting: strands run around the head. */
export function hair(x: number, y: number): FacePoint {
  const wave = 0.03 * Math.sin(y * 7 + x * 3) + 0.05 * (fractal(x * 2.2, y * 2.2, 242, 3) - 0.5)
  const radius = Math.hypot(x / 0.93, (y - 0.18) / 1.16) + wave
  const around = Math.atan2(x - 0.16, y - 0.1)
  // Around the head above, and down along the neck.
  const run = radius + (Math.abs(x) / 0.93 + 0.05 * Math.sin(y * 9) - radius) * smooth(0.2, -0.5, y)
  const strand = noise(run * 130, around * 5 + 30, 243) * 0.55 + 0.45 * noise(run * 46, around * 3 + 60, 244)
  const lock = noise(run * 15 + 0.8 * Math.sin(around * 2.5), around * 1.6 + 9, 245)
  const ragged = 0.035 * (strand - 0.5) + 0.05 * (lock - 0.5)
  const parting = Math.exp(-(((x - 0.16 - 0.15 * (y - 0.9)) / 0.018) ** 2)) * smooth(0.78, 0.9, y)
  // Sides hang to the shoulders; the face is left free below a rounded hairline.
  const hanging = smooth(0.25, -0.35, y)
  const below = Math.abs(x) / (0.93 + 0.16 * smooth(-0.2, -1, y) - 0.2 * smooth(-0.9, -1.4, y)) + wave
  const outer = radius + (below - radius) * hanging + ragged * 0.7
  const brow = Math.hypot(x / (0.7 - 0.08 * smooth(0, -0.8, y)), Math.max(y - 0.1, 0) / 0.72) + ragged * 1.2
  const end = y < -1.15 + 0.4 * (lock - 0.5) + 0.25 * (strand - 0.5)
  if (outer > 1 || end) return NOTHING
  if (brow < 1)
    return hanging < 0.5
      ? NOTHING
      : { height: 0.07 * UNIT, colour: scaleRgb(HAIR, 0.12 + 0.3 * strand), gloss: 0, skin: 0, covered: 1 }
  const dome = 0.9 * Math.sqrt(Math.max(1 - outer * outer * 0.96, 0))
  const hung = 0.12 + 0.62 * Math.sqrt(Math.max(1 - ((Math.abs(x) - 0.8) / 0.3) ** 2, 0.02))
  const body = dome + (Math.max(dome, hung) - dome) * hanging
  const sheen = Math.exp(-(((radius - 0.82 + 0.1 * (lock - 0.5)) / 0.07) ** 2)) * smooth(0.1, 0.5, y)
  const tone = mixRgb(HAIR, srgb('#a8683c'), 0.25 * lock + 0.5 * strand * strand + 0.2 * sheen)
  const edge = smooth(1, 1.06, brow)
  return {
    height: (body + 0.06 + 0.03 * lock + 0.016 * strand - 0.05 * parting - 0.05 * (1 - edge)) * UNIT,
    colour: mixRgb(scaleRgb(tone, 0.3 + 0.75 * strand), SKIN, 0.8 * parting),
    gloss: 0.1 * strand + 0.22 * sheen * strand,
    skin: 0,
    covered: smooth(1, 0.985, outer),
  }
}
