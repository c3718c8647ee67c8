import { createPixels, type Pixels } from '../images/pixels.ts'

/** Writes a square of `image`, turned, as three planes into `target` at `offset` (NCHW of one sample). */
export function writePatch(
  target: Float32Array,
  offset: number,
  image: Pixels,
  { x, y, side, turn }: { x: number; y: number; side: number; turn: number },
): void {
  const { width, height, channels, data } = image
  const [mirror, upend, swap] = [1, 2, 4].map(bit => (turn & bit) !== 0)
  for (let c = 0; c < 3; c++) {
    const plane = (channels === 3 ? c : 0) * width * height
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const [down, right] = swap ? [column, row] : [row, column]
        const fromY = y + (upend ? side - 1 - down : down)
        const fromX = x + (mirror ? side - 1 - right : right)
        target[offset + (c * side + row) * side + column] = data[plane + fromY * width + fromX]
      }
    }
  }
}

/** Three planes as an image, limited to 0..1. */
export function pixelsOf(planes: Float32Array, side: number): Pixels {
  const image = createPixels(side, side)
  for (let i = 0; i < image.data.length; i++) image.data[i] = Math.min(1, Math.max(0, planes[i]))
  return image
}
