import { createPlane, type Plane } from '../../images/pixels.ts'
import { gaussianBlur } from './gaussian.ts'
import { sobel } from './sobel.ts'

/**
 * The structure tensor [[xx, xy], [xy, yy]] of a plane: products of its gradient, averaged in a Gaussian window. With the
 * eigenvalues l1 >= l2, (xx - yy, 2 xy) is a vector of length l1 - l2 at twice the angle of the gradient, and xx + yy is
 * l1 + l2. In levels of 255 per pixel, squared; smaller than the plane by 2.
 */
export interface StructureTensor {
  xx: Plane
  yy: Plane
  xy: Plane
}

/** @param sigma of the window, in pixels of the plane, which must be 3x3 at least */
export function structureTensor(plane: Plane, sigma: number): StructureTensor {
  const { x, y } = sobel(plane)
  const window = (a: Plane, b: Plane): Plane => {
    const product = createPlane(a.width, a.height)
    for (let i = 0; i < product.data.length; i++) product.data[i] = a.data[i] * b.data[i]
    return gaussianBlur(product, sigma)
  }
  return { xx: window(x, x), yy: window(y, y), xy: window(x, y) }
}
