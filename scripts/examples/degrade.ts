import type { Photo } from './camera.ts'
import { normals } from './random.ts'
import { blur, type Picture, picture } from './raster.ts'

/** What makes the LR image of a photograph, in this order; said in the README beside the images. */
export const DEGRADATION = {
  scale: 4,
  /** Deviation of a Gaussian blur, in HR pixels. */
  blur: 1.2,
  /** Deviation of added noise, in 8-bit levels. */
  noise: 1.5,
  jpeg: { quality: 85, chromaSubsampling: '4:2:0' },
} as const

/** Blur, antialiased bicubic reduction and noise, all on sRGB values. The JPEG coding is left to the caller. */
export function degrade(photo: Photo, seed: number): Photo {
  const next = normals(seed)
  const soft = blur({ ...photo, data: Float32Array.from(photo.data) }, DEGRADATION.blur, 3)
  const small = transposed(narrowed(transposed(narrowed(soft))))
  const data = Uint8Array.from(small.data, value =>
    Math.min(Math.max(Math.round(value + DEGRADATION.noise * next()), 0), 255),
  )
  return { ...small, data }
}

/** Reduces the width with Keys' cubic (a = -1/2) stretched by the scale; the border is repeated. */
function narrowed({ width, height, data }: Picture): Picture {
  const { scale } = DEGRADATION
  const taps = Array.from({ length: 4 * scale }, (_, k) => k - 1.5 * scale)
  const weights = taps.map(tap => keys((tap + 0.5) / scale - 0.5))
  const total = weights.reduce((a, b) => a + b, 0)
  return picture(width / scale, height, (x, y) => {
    const sum: [number, number, number] = [0, 0, 0]
    taps.forEach((tap, k) => {
      const from = (y * width + Math.min(Math.max(x * scale + tap, 0), width - 1)) * 3
      for (const c of [0, 1, 2] as const) sum[c] += (weights[k] / total) * data[from + c]
    })
    return sum
  })
}

function transposed({ width, height, data }: Picture): Picture {
  return picture(height, width, (x, y) => {
    const i = (x * width + y) * 3
    return [data[i], data[i + 1], data[i + 2]]
  })
}

function keys(x: number): number {
  const t = Math.abs(x)
  if (t >= 2) return 0
  return t <= 1 ? 1.5 * t ** 3 - 2.5 * t ** 2 + 1 : -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2
}
