import { createPlane, type Plane } from '../../images/pixels.ts'

/** Means of 2 x 2 blocks. A last odd row or column is averaged with itself, or with zeros where `pad` says so. */
export function halve(plane: Plane, pad: 'repeat' | 'zero' = 'repeat'): Plane {
  const { width, height, data } = plane
  const out = createPlane(Math.ceil(width / 2), Math.ceil(height / 2))
  for (let y = 0, k = 0; y < out.height; y++) {
    const top = 2 * y * width
    const hasBelow = 2 * y + 1 < height
    const bottom = hasBelow ? top + width : top
    for (let x = 0; x < out.width; x++, k++) {
      const left = 2 * x
      const hasRight = left + 1 < width
      const right = hasRight ? left + 1 : left
      out.data[k] =
        pad === 'repeat' || (hasBelow && hasRight)
          ? (data[top + left] + data[top + right] + data[bottom + left] + data[bottom + right]) / 4
          : (data[top + left] + (hasRight ? data[top + right] : 0) + (hasBelow ? data[bottom + left] : 0)) / 4
    }
  }
  return out
}
