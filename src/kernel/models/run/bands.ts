/**
 * Rows of the enlarged image that are final: planes of pixels in 0..1 (not limited), RGB or luma alone. Bands come in
 * order from the top and cover the image.
 */
export interface Band {
  /** First row. */
  y: number
  height: number
  channels: number
  /** `planes[(c * stride) + row * width + x]`. */
  planes: ArrayLike<number>
  /** Distance between planes; at least `height * width`. */
  stride: number
}
