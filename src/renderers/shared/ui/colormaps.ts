/** 256 RGB triples, 0..255, from the low end of a scale to its high end. */
export type ColourMap = Uint8ClampedArray

export type ColourMapName = 'viridis' | 'cividis' | 'inferno' | 'blue-orange'

/** Every eighth colour of the maps' published tables, as hexadecimal RGB. */
const STOPS = {
  viridis:
    '440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c1f988b1fa08822a785' +
    '28ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725',
  cividis:
    '00205100265d012b6508316911366c1c3c6e26426e31476e3c4d6e47536d51586e5a5e6e62646f6a6a707270717976737f7c758682768c8877938e78' +
    '9a9478a19b78a9a177b2a874bbaf71c5b66dcebd68d8c462e2cb5cebd355f3da4ffae249fdea45',
  inferno:
    '0000040403120b0724150b37210c4a2f0a5b3d09654a0c6b57106e64156e71196e7d1e6d8a226a972766a32c61b0315bbc3754c73e4cd24644db503b' +
    'e45a31eb6628f1731df68013f98e09fb9d07fcac11fbbc21f9cb35f5db4cf2ea69f3f68afcffa4',
}

/**
 * Perceptually uniform maps that people with a colour-vision deficiency can read: viridis and inferno (van der Walt and
 * Smith, matplotlib), cividis (Nuñez, Anderton and Renslow 2018), and a diverging one from blue over a light neutral to
 * orange, straight lines of equal lightness in OKLab.
 */
export function colourMap(name: ColourMapName): ColourMap {
  const map = new Uint8ClampedArray(256 * 3)
  const colour = name === 'blue-orange' ? diverging : between(STOPS[name])
  for (let i = 0; i < 256; i++) map.set(colour(i / 255), i * 3)
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

/** Straight lines between the stops; at most 5 levels of 255 from the whole table. */
function between(hex: string): (t: number) => [number, number, number] {
  const last = hex.length / 6 - 1
  const channel = (stop: number, c: number) =>
    Number.parseInt(hex.slice(stop * 6 + c * 2, stop * 6 + c * 2 + 2), 16)
  return t => {
    const stop = Math.min(last - 1, Math.floor(t * last))
    const share = t * last - stop
    const mix = (c: number) => channel(stop, c) * (1 - share) + channel(stop + 1, c) * share
    return [mix(0), mix(1), mix(2)]
  }
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
