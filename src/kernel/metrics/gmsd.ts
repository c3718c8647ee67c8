import * as z from 'zod'
import { createPlane, type Plane } from '../images/pixels.ts'
import { halve } from './filters/halve.ts'
import { defineMetric } from './metric.ts'

/** Keeps flat regions from dominating; for values 0..255. */
const C = 170

/**
 * Gradient magnitude similarity deviation on Y (not rounded), after one halving by 2 x 2 means: the standard deviation of
 * (2 g1 g2 + c) / (g1^2 + g2^2 + c), with Prewitt gradients divided by 3 and zeros outside the image.
 */
export const gmsd = defineMetric({
  name: 'gmsd',
  label: 'GMSD',
  summary: 'Deviation of the similarity of gradients of SR and GT.',
  direction: 'lower',
  // The map is the similarity of the gradients, 1 where they are equal.
  mapDirection: 'higher',
  range: [0, null],
  settings: z.strictObject({}),
  version: '1',
  source: 'Xue, Zhang, Mou, Bovik, "Gradient magnitude similarity deviation", 2014; on BT.601 Y',
  needs: () => ['gt'],
  measure({ sr, gt }) {
    const a = gradientMagnitude(halve(sr.luma(), 'zero'))
    const b = gradientMagnitude(halve(gt!.luma(), 'zero'))
    const map = createPlane(a.width, a.height)
    let sum = 0
    for (let i = 0; i < map.data.length; i++) {
      const p = a.data[i]
      const q = b.data[i]
      map.data[i] = (2 * p * q + C) / (p * p + q * q + C)
      sum += map.data[i]
    }
    const mean = sum / map.data.length
    let squares = 0
    for (let i = 0; i < map.data.length; i++) squares += (map.data[i] - mean) ** 2
    return {
      value: Math.sqrt(squares / Math.max(1, map.data.length - 1)),
      map: { range: [0, 1], plane: () => doubled(map, sr.pixels.width, sr.pixels.height) },
    }
  },
})

function gradientMagnitude({ width, height, data }: Plane): Plane {
  const out = createPlane(width, height)
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : data[y * width + x])
  for (let y = 0; y < height; y++) {
    const inner = y > 0 && y < height - 1
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      let gx: number
      let gy: number
      if (inner && x > 0 && x < width - 1) {
        const up = i - width
        const down = i + width
        gx = data[up - 1] + data[i - 1] + data[down - 1] - data[up + 1] - data[i + 1] - data[down + 1]
        gy = data[up - 1] + data[up] + data[up + 1] - data[down - 1] - data[down] - data[down + 1]
      } else {
        gx =
          at(x - 1, y - 1) +
          at(x - 1, y) +
          at(x - 1, y + 1) -
          at(x + 1, y - 1) -
          at(x + 1, y) -
          at(x + 1, y + 1)
        gy =
          at(x - 1, y - 1) +
          at(x, y - 1) +
          at(x + 1, y - 1) -
          at(x - 1, y + 1) -
          at(x, y + 1) -
          at(x + 1, y + 1)
      }
      out.data[i] = Math.sqrt(gx * gx + gy * gy) / 3
    }
  }
  return out
}

function doubled(map: Plane, width: number, height: number): Plane {
  const out = createPlane(width, height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) out.data[y * width + x] = map.data[(y >> 1) * map.width + (x >> 1)]
  }
  return out
}
