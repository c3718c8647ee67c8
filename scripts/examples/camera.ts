import { normals, stream } from './random.ts'
import { blur, type Picture, type Plane, picture, plane } from './raster.ts'

export interface Exposure {
  seed: number
  /** Factor on the light before the tone curve. */
  gain?: number
  /** Deviation of the lens's point spread, in pixels. */
  softness?: number
  /** Light lost in the corners, 0..1. */
  vignette?: number
  /** Read noise and shot noise at white, in 8-bit levels. */
  grain?: { read: number; shot: number }
}

/** Interleaved 8-bit sRGB. */
export interface Photo {
  width: number
  height: number
  data: Uint8Array
}

/** Samples per pixel along each axis. */
const SIDE = 4

/**
 * Averages `SIDE * SIDE` jittered samples per pixel. `light` gets the image position in pixels, and two numbers in 0..1
 * that are spread evenly over the samples of a pixel (a point of the lens, or of a light).
 */
export function expose(
  width: number,
  height: number,
  seed: number,
  light: (x: number, y: number, u: number, v: number) => readonly [number, number, number],
): Picture {
  const next = stream(seed)
  const order = Array.from({ length: SIDE * SIDE }, (_, i) => i)
  return picture(width, height, (px, py) => {
    let [r, g, b] = [0, 0, 0]
    // Which lens cell goes with which pixel cell is drawn anew for each pixel; otherwise blur and edges would correlate.
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1))
      ;[order[i], order[j]] = [order[j], order[i]]
    }
    for (let i = 0; i < order.length; i++) {
      const x = px + ((i % SIDE) + next()) / SIDE - 0.5
      const y = py + (Math.floor(i / SIDE) + next()) / SIDE - 0.5
      const u = ((order[i] % SIDE) + next()) / SIDE
      const v = (Math.floor(order[i] / SIDE) + next()) / SIDE
      const colour = light(x, y, u, v)
      r += colour[0]
      g += colour[1]
      b += colour[2]
    }
    const count = order.length
    return [r / count, g / count, b / count]
  })
}

/** From light on the sensor to an 8-bit photograph: lens, vignette, noise, tone curve. */
export function develop(light: Picture, exposure: Exposure): Photo {
  const { gain = 1, softness = 0.45, vignette = 0.15, grain = { read: 0.4, shot: 0.9 }, seed } = exposure
  const { width, height } = light
  const soft = blur(light, softness, 3)
  const noise = sensorNoise(width, height, seed)
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const radius2 = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 2
      const factor = gain * (1 - vignette * radius2)
      for (let c = 0; c < 3; c++, i++) {
        const value = tone(soft.data[i] * factor)
        const deviation = grain.read + grain.shot * Math.sqrt(value) * (1 - 0.5 * value)
        const level = value * 255 + deviation * noise[c].data[y * width + x]
        data[i] = Math.min(Math.max(Math.round(level), 0), 255)
      }
    }
  return { width, height, data }
}

/** Noise as demosaicking leaves it: partly shared by the channels, slightly smooth. */
function sensorNoise(width: number, height: number, seed: number): Plane[] {
  const next = normals(seed)
  const field = () => blur(plane(width, height, next), 0.5)
  const [shared, ...own] = [field(), field(), field(), field()]
  // The blur keeps about half the deviation.
  return own.map(({ data }) => ({
    width,
    height,
    data: data.map((value, i) => (shared.data[i] * 0.8 + value * 0.6) * 1.7),
  }))
}

/** sRGB encoding with a soft shoulder above 0.7, so that highlights do not clip at once. */
function tone(light: number): number {
  const bent = light < 0.7 ? Math.max(light, 0) : 0.7 + 0.3 * (1 - Math.exp(-(light - 0.7) / 0.3))
  return bent <= 0.0031308 ? bent * 12.92 : 1.055 * bent ** (1 / 2.4) - 0.055
}
