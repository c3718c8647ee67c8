import { type Rgb, srgb } from '../../raster.ts'

/** Texels of the relief, and of half a head's height. */
export const SIZE = 1120
export const UNIT = 340
/** Where the point between the eyes lies. */
export const CENTRE = { x: SIZE / 2, y: SIZE / 2 - 30 }

export const SKIN = srgb('#d9a184')

export interface FacePoint {
  /** In texels. */
  height: number
  colour: Rgb
  gloss: number
  /** 1 where light spreads under the surface. */
  skin: number
  /** 0 where the room behind is seen. */
  covered: number
}

export const NOTHING: FacePoint = { height: 0, colour: [0, 0, 0], gloss: 0, skin: 0, covered: 0 }

/** Height of an ellipsoid over the plane, or far below where it isn't. */
export function ball(
  x: number,
  y: number,
  [cx, cy, cz]: readonly number[],
  [rx, ry, rz]: readonly number[],
): number {
  const rest = 1 - ((x - cx) / rx) ** 2 - ((y - cy) / ry) ** 2
  return rest > 0 ? cz + rz * Math.sqrt(rest) : cz - 4 * Math.sqrt(-rest)
}

export function softMax(a: number, b: number, width: number): number {
  const t = Math.max(width - Math.abs(a - b), 0) / width
  return Math.max(a, b) + (t * t * width) / 4
}

export function bump(x: number, y: number, wide: number, tall: number): number {
  return Math.exp(-((x / wide) ** 2) - (y / tall) ** 2)
}
