import { hash, noise } from '../../random.ts'
import { mixRgb, scaleRgb, smooth, srgb } from '../../raster.ts'
import { bump, type FacePoint, UNIT } from './space.ts'

const MOUTH = { y: -0.475, wide: 0.285 }

export function mouth(x: number, y: number, z: number, under: FacePoint): FacePoint {
  const u = x / MOUTH.wide
  if (Math.abs(u) > 1.15) return under
  const smile = MOUTH.y + 0.075 * u * u
  const upper = smile - 0.012 + 0.01 * Math.exp(-((u / 0.16) ** 2))
  const lower = smile - 0.014 - 0.108 * Math.max(1 - u * u, 0)
  const inside = Math.abs(u) < 0.97 && y < upper && y > lower
  if (inside) return teeth(x, y, z, upper, lower)
  const bow =
    0.05 *
    (1 - Math.abs(u) ** 2) *
    (1 - 0.3 * Math.exp(-((u / 0.1) ** 2)) + 0.12 * Math.exp(-(((Math.abs(u) - 0.2) / 0.14) ** 2)))
  const full = 0.072 * Math.max(1 - Math.abs(u) ** 2.2, 0)
  const [t, thick] =
    y >= upper ? [(y - upper) / Math.max(bow, 1e-3), bow] : [(lower - y) / Math.max(full, 1e-3), full]
  const corner = bump(Math.abs(u) - 1, (y - smile) / MOUTH.wide, 0.07, 0.06)
  if (t > 1.15 || thick <= 0)
    return {
      ...under,
      colour: mixRgb(under.colour, srgb('#7a3f34'), 0.6 * corner),
      height: under.height - 5 * corner,
    }
  const cover = smooth(1.15, 0.85, t)
  const crinkle = noise(x * 70, y * 9, 239) - 0.5
  const lip = scaleRgb(mixRgb(srgb('#a8504a'), srgb('#8a3a38'), smooth(0.5, 0, t)), 1 + 0.3 * crinkle)
  return {
    ...under,
    height:
      under.height +
      (0.035 * Math.sin(Math.PI * Math.min(t, 1) * 0.8 + 0.35) - 0.012 + 0.006 * crinkle) * UNIT * cover,
    colour: mixRgb(under.colour, lip, 0.85 * cover),
    gloss: under.gloss + 0.2 * cover * (0.4 + noise(x * 60, y * 60, 240)),
  }
}

/** Half widths of the upper teeth from the middle outwards, as seen from the front. */
const TEETH = [0.084, 0.066, 0.064, 0.05, 0.04, 0.03]

function teeth(x: number, y: number, z: number, upper: number, lower: number): FacePoint {
  const side = Math.abs(x)
  let [from, index] = [0, 0]
  while (index < TEETH.length && side > from + TEETH[index]) from += TEETH[index++]
  const dark: FacePoint = {
    height: (z - 0.16) * UNIT,
    colour: srgb('#3a1210'),
    gloss: 0.05,
    skin: 0,
    covered: 1,
  }
  if (index >= TEETH.length) return dark
  const own = hash(index, x > 0 ? 1 : 0, 241)
  const t = (side - from) / TEETH[index] - 0.5
  const edge =
    upper -
    (0.098 + 0.008 * own - (index === 1 ? 0.012 : 0)) * (1 - 0.1 * index) +
    0.02 * (x / MOUTH.wide) ** 2
  const rounded = edge + 0.035 * Math.max(Math.abs(t) - 0.3, 0) ** 2 * 14
  if (y < rounded)
    return y < lower + 0.02 ? { ...dark, colour: srgb('#8a4743'), height: (z - 0.12) * UNIT } : dark
  const gap = smooth(0.5, 0.43, Math.abs(t))
  const gum = smooth(upper - 0.004 - 0.05 * t * t, upper - 0.014 - 0.05 * t * t, y)
  const round = Math.sqrt(Math.max(1 - (1.85 * t) ** 2, 0))
  const enamel = mixRgb(
    srgb('#ece4d4'),
    srgb('#d3bd97'),
    0.15 + 0.3 * own + 0.3 * smooth(rounded + 0.06, upper, y),
  )
  const shaded = scaleRgb(
    enamel,
    (0.5 + 0.5 * smooth(0.96, 0.3, side / MOUTH.wide)) *
      (0.35 + 0.65 * gap) *
      (0.72 + 0.28 * smooth(upper, upper - 0.04, y)),
  )
  return {
    height: (z - 0.075 + 0.012 * round - 0.06 * (x / MOUTH.wide) ** 2) * UNIT,
    colour: mixRgb(srgb('#b5645c'), shaded, gum),
    gloss: 0.3 * gap,
    skin: 0.2,
    covered: 1,
  }
}
