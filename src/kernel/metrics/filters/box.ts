import { createPlane, type Plane } from '../../images/pixels.ts'

/** Means over all `side` x `side` windows inside the plane; the result is smaller by `side` - 1. Sums slide, so the cost does not depend on the side. */
export function boxMeans(plane: Plane, side: number): Plane {
  const { width, height, data } = plane
  const out = createPlane(width - side + 1, height - side + 1)
  // Sum of the last `side` rows, by column.
  const columns = new Float64Array(width)
  const area = side * side
  for (let y = 0; y < height; y++) {
    const row = y * width
    const left = (y - side) * width
    if (y < side) for (let x = 0; x < width; x++) columns[x] += data[row + x]
    else for (let x = 0; x < width; x++) columns[x] += data[row + x] - data[left + x]
    if (y < side - 1) continue
    const to = (y - side + 1) * out.width
    let sum = 0
    for (let x = 0; x < side; x++) sum += columns[x]
    out.data[to] = sum / area
    for (let x = side; x < width; x++) {
      sum += columns[x] - columns[x - side]
      out.data[to + x - side + 1] = sum / area
    }
  }
  return out
}
