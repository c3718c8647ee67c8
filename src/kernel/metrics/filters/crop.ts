import { createPlane, type Plane } from '../../images/pixels.ts'

/** The plane without `border` pixels along each side; the plane itself for 0. Something must be left. */
export function cropPlane(plane: Plane, border: number): Plane {
  if (border === 0) return plane
  const width = plane.width - 2 * border
  const height = plane.height - 2 * border
  const out = createPlane(width, height)
  for (let y = 0; y < height; y++) {
    const start = (y + border) * plane.width + border
    out.data.set(plane.data.subarray(start, start + width), y * width)
  }
  return out
}
