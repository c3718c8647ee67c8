import { planAxis } from '../run/tiles.ts'
import { createVolume, cropVolume, type Volume } from './volume.ts'

/** Variance of the weights, in units of the tile's squared width. */
const VARIANCE = 0.01

/**
 * Gaussian weights along one side of a tile, peak at its middle: exp(-(p - m)^2 / (2 * 0.01 * size^2)), as in the latent
 * tiling of StableSR, SeeSR and OSEDiff (after https://github.com/albarji/mixture-of-diffusers).
 */
export function gaussianWeights(size: number): Float64Array {
  const middle = (size - 1) / 2
  return Float64Array.from({ length: size }, (_, p) =>
    Math.exp(-((p - middle) ** 2) / (2 * VARIANCE * size * size)),
  )
}

export interface VolumeTiling {
  /** Side of a tile and overlap of neighbours, in pixels of the input. */
  tile: number
  overlap: number
  /** Size of the output for one input pixel: 1 for a denoiser, 8 for a decoder, 1/8 for an encoder. */
  ratio: number
  /** Input sides are multiples of this, so that tiles begin on whole output pixels. */
  multiple: number
}

interface TileLayout {
  columns: { size: number; starts: number[] }
  rows: { size: number; starts: number[] }
}

function layoutOf(
  { width, height }: Pick<Volume, 'width' | 'height'>,
  { tile, overlap, multiple }: VolumeTiling,
): TileLayout {
  const units = (pixels: number) => Math.floor(pixels / multiple)
  const axis = (length: number) => {
    const needs = { tile: units(tile), overlap: units(overlap), multiple: 1, minimum: 1 }
    const plan = planAxis(units(length), needs)
    return { size: plan.size * multiple, starts: plan.starts.map(start => start * multiple) }
  }
  return { columns: axis(width), rows: axis(height) }
}

/** Number of tiles that a volume of this size is cut into. */
export function tileCount(size: Pick<Volume, 'width' | 'height'>, tiling: VolumeTiling): number {
  const { columns, rows } = layoutOf(size, tiling)
  return columns.starts.length * rows.starts.length
}

/**
 * Maps a volume tile by tile and blends the outputs with Gaussian weights, divided by their sum. A volume that fits into
 * one tile is mapped whole.
 */
export async function mapTiles(
  input: Volume,
  tiling: VolumeTiling,
  map: (tile: Volume) => Promise<Volume>,
): Promise<Volume> {
  const { columns, rows } = layoutOf(input, tiling)
  if (columns.starts.length * rows.starts.length === 1) return map(input)
  const { ratio } = tiling
  const across = gaussianWeights(columns.size * ratio)
  const down = gaussianWeights(rows.size * ratio)
  const weights = new Float64Array(input.width * input.height * ratio * ratio)
  let sums: Volume | undefined
  for (const y of rows.starts) {
    for (const x of columns.starts) {
      const output = await map(cropVolume(input, x, y, columns.size, rows.size))
      sums ??= createVolume(output.channels, input.height * ratio, input.width * ratio)
      addWeighted(sums, weights, output, x * ratio, y * ratio, across, down)
    }
  }
  const { data } = sums!
  for (let i = 0; i < data.length; i++) data[i] /= weights[i % weights.length]
  return sums!
}

function addWeighted(
  sums: Volume,
  weights: Float64Array,
  tile: Volume,
  left: number,
  top: number,
  across: Float64Array,
  down: Float64Array,
): void {
  for (let c = 0; c < tile.channels; c++) {
    for (let y = 0; y < tile.height; y++) {
      const from = (c * tile.height + y) * tile.width
      const line = (top + y) * sums.width + left
      const to = c * sums.height * sums.width + line
      for (let x = 0; x < tile.width; x++) {
        const weight = down[y] * across[x]
        sums.data[to + x] += weight * tile.data[from + x]
        if (c === 0) weights[line + x] += weight
      }
    }
  }
}
