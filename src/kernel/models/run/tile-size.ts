/** Memory that one tile may take where the step does not say, in bytes: about what the tiles of the shipped models take. */
export const TILE_MEMORY = 600e6

/**
 * Sides that tiles are chosen from, in LR pixels. Few, so that two machines, whose measurements differ by some percent,
 * choose the same one and make the same pixels.
 */
const SIDES = [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048]

/** The largest tile whose run takes no more than `bytes`, for a network that takes `perPixel` bytes for each LR pixel. */
export function tileFor(perPixel: number, bytes: number): number {
  return SIDES.findLast(side => side * side * perPixel <= bytes) ?? SIDES[0]
}
