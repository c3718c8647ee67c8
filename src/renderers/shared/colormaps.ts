import { interpolateCividis, interpolateInferno, interpolateViridis } from 'd3-scale-chromatic'

/** 256 RGB triples, 0..255, from the low end of a scale to its high end. */
export type ColourMap = Uint8ClampedArray

export type ColourMapName = 'viridis' | 'cividis' | 'inferno' | 'blue-orange'

const INTERPOLATORS: Record<ColourMapName, (t: number) => string | [number, number, number]> = {
  viridis: interpolateViridis,
  cividis: interpolateCividis,
  inferno: interpolateInferno,
  'blue-orange': diverging,
}

/**
 * Perceptually uniform maps that people with a colour-vision deficiency can read: viridis and inferno (van der Walt and
 * Smith, matplotlib), cividis (Nuñez, Anderton and Renslow 2018), and a diverging one from blue over a light neutral to
 * orange, straight lines of equal lightness in OKLab.
 */
export function colourMap(name: ColourMapName): ColourMap {
  const map = new Uint8ClampedArray(256 * 3)
  for (let i = 0; i < 256; i++) map.set(toRgb(INTERPOLATORS[name](i / 255)), i * 3)
  return map
}

/** As a CSS gradient, for legends. */
export function cssGradient(map: ColourMap, direction = 'to right'): string {
  const stops = Array.from({ length: 17 }, (_, i) => {
    const at = Math.min(255, i * 16) * 3
    return `rgb(${map[at]} ${map[at + 1]} ${map[at + 2]})`
  })
  return `linear-gradient(${direction}, ${stops.join(', ')})`
}

function toRgb(colour: string | [number, number, number]): [number, number, number] {
  if (typeof colour !== 'string') return colour
  if (colour.startsWith('#')) {
    const value = Number.parseInt(colour.slice(1), 16)
    return [value >> 16, (value >> 8) & 255, value & 255]
  }
  const [red, green, blue] = colour.match(/\d+/g)!.map(Number)
  return [red, green, blue]
}

/** OKLab ends with one lightness and chroma, hues that deuteranopes and protanopes tell apart. */
const NEUTRAL = { lightness: 0.97, chroma: 0 }
const END = { lightness: 0.48, chroma: 0.12 }
const BLUE = (255 / 180) * Math.PI
const ORANGE = (50 / 180) * Math.PI

function diverging(t: number): [number, number, number] {
  const side = Math.abs(2 * t - 1)
  const hue = t < 0.5 ? BLUE : ORANGE
  const lightness = NEUTRAL.lightness + (END.lightness - NEUTRAL.lightness) * side
  const chroma = NEUTRAL.chroma + (END.chroma - NEUTRAL.chroma) * side
  return oklabToRgb(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue))
}

/** Ottosson, "A perceptual color space for image processing" (2020). @returns sRGB in 0..255 */
function oklabToRgb(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const encode = (linear: number) => {
    const value = Math.min(1, Math.max(0, linear))
    return 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055)
  }
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}
