import { createPlane, type Plane } from '../../images/pixels.ts'

/** Derivatives along x and y per pixel (levels per pixel) of the inner pixels: each side is smaller by 2. */
export interface Gradient {
  x: Plane
  y: Plane
}

/** Sobel's operator over 8, so that a ramp of one level per pixel gives 1. The image must be 3x3 at least. */
export function sobel({ width, height, data }: Plane): Gradient {
  const x = createPlane(width - 2, height - 2)
  const y = createPlane(width - 2, height - 2)
  for (let row = 1; row < height - 1; row++) {
    for (let column = 1; column < width - 1; column++) {
      const i = row * width + column
      const [above, below] = [i - width, i + width]
      const to = (row - 1) * (width - 2) + column - 1
      const diagonals = data[below + 1] - data[above - 1]
      const others = data[above + 1] - data[below - 1]
      x.data[to] = (diagonals + others + 2 * (data[i + 1] - data[i - 1])) / 8
      y.data[to] = (diagonals - others + 2 * (data[below] - data[above])) / 8
    }
  }
  return { x, y }
}
