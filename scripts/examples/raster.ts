/** One number per pixel, row by row from the top. */
export interface Plane {
  width: number
  height: number
  data: Float32Array
}

/** Linear light, RGB interleaved, 1 being white in full light. */
export interface Picture {
  width: number
  height: number
  data: Float32Array
}

export type Rgb = readonly [number, number, number]

export function plane(width: number, height: number, at?: (x: number, y: number) => number): Plane {
  const data = new Float32Array(width * height)
  if (at) for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++) data[i++] = at(x, y)
  return { width, height, data }
}

export function picture(width: number, height: number, at?: (x: number, y: number) => Rgb): Picture {
  const data = new Float32Array(width * height * 3)
  if (at)
    for (let y = 0, i = 0; y < height; y++)
      for (let x = 0; x < width; x++, i += 3) {
        const colour = at(x, y)
        data[i] = colour[0]
        data[i + 1] = colour[1]
        data[i + 2] = colour[2]
      }
  return { width, height, data }
}

/** Bilinear sample at pixel coordinates (0 is the centre of the first pixel), clamped at the border. */
export function sample({ width, height, data }: Plane, x: number, y: number): number {
  const cx = Math.min(Math.max(x, 0), width - 1.001)
  const cy = Math.min(Math.max(y, 0), height - 1.001)
  const ix = Math.floor(cx)
  const iy = Math.floor(cy)
  const fx = cx - ix
  const fy = cy - iy
  const i = iy * width + ix
  return (
    (data[i] * (1 - fx) + data[i + 1] * fx) * (1 - fy) +
    (data[i + width] * (1 - fx) + data[i + width + 1] * fx) * fy
  )
}

/** As `sample`, for colours. */
export function sampleRgb({ width, height, data }: Picture, x: number, y: number): [number, number, number] {
  const cx = Math.min(Math.max(x, 0), width - 1.001)
  const cy = Math.min(Math.max(y, 0), height - 1.001)
  const ix = Math.floor(cx)
  const iy = Math.floor(cy)
  const fx = cx - ix
  const fy = cy - iy
  const a = (1 - fx) * (1 - fy)
  const b = fx * (1 - fy)
  const c = (1 - fx) * fy
  const d = fx * fy
  const i = (iy * width + ix) * 3
  const j = i + width * 3
  return [
    data[i] * a + data[i + 3] * b + data[j] * c + data[j + 3] * d,
    data[i + 1] * a + data[i + 4] * b + data[j + 1] * c + data[j + 4] * d,
    data[i + 2] * a + data[i + 5] * b + data[j + 2] * c + data[j + 5] * d,
  ]
}

/** Gaussian blur with deviation `sigma` in pixels; the border is repeated. `channels` are interleaved. */
export function blur<Image extends Plane | Picture>(image: Image, sigma: number, channels = 1): Image {
  const { width, height } = image
  const radius = Math.ceil(sigma * 3)
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  )
  const total = weights.reduce((a, b) => a + b, 0)
  const kernel = weights.map(weight => weight / total)
  const along = (source: Float32Array, count: number, stride: number, lines: number, lineStride: number) => {
    const result = new Float32Array(source.length)
    const padded = new Float64Array(count + 2 * radius)
    for (let line = 0; line < lines; line++)
      for (let c = 0; c < channels; c++) {
        const first = line * lineStride + c
        for (let i = 0; i < padded.length; i++)
          padded[i] = source[first + Math.min(Math.max(i - radius, 0), count - 1) * stride]
        for (let i = 0; i < count; i++) {
          let sum = 0
          for (let k = 0; k < kernel.length; k++) sum += kernel[k] * padded[i + k]
          result[first + i * stride] = sum
        }
      }
    return result
  }
  const across = along(image.data, width, channels, height, width * channels)
  return { ...image, data: along(across, height, width * channels, width, channels) }
}

export function mixRgb(a: Rgb, b: Rgb, t: number): [number, number, number] {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

export function scaleRgb(a: Rgb, factor: number): [number, number, number] {
  return [a[0] * factor, a[1] * factor, a[2] * factor]
}

/** 0 below `from`, 1 above `to`, smooth between; `from` may be the larger. */
export function smooth(from: number, to: number, value: number): number {
  const t = Math.min(Math.max((value - from) / (to - from), 0), 1)
  return t * t * (3 - 2 * t)
}

/** Linear light of an sRGB colour written as `#rrggbb`. */
export function srgb(hex: string): [number, number, number] {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}
