import { createPlane, type Plane } from '../../images/pixels.ts'

/**
 * A plane of values per window as a plane per pixel: windows sit in the middle, and what they do not reach along the
 * border repeats the nearest one.
 */
export function spread(windows: Plane, width: number, height: number): Plane {
  const out = createPlane(width, height)
  const left = Math.floor((width - windows.width) / 2)
  const top = Math.floor((height - windows.height) / 2)
  const limit = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1)
  for (let y = 0; y < height; y++) {
    const row = limit(y - top, windows.height) * windows.width
    for (let x = 0; x < width; x++)
      out.data[y * width + x] = windows.data[row + limit(x - left, windows.width)]
  }
  return out
}
