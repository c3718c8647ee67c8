import type { DecodedSamples } from '../../images/decode.ts'
import type { Band } from './bands.ts'
import { type AxisPlan, blendWeights } from './tiles.ts'

/** The enlarged tile at (`x`, `y`) as planes of pixels in 0..1, `scale` times the plan's tile size. */
export type RunTile = (x: number, y: number) => Promise<ArrayLike<number>>

/**
 * Runs a network tile by tile and blends the results. Only one row of tiles is held: memory grows with the width of
 * the image and the size of a tile, not with the height.
 */
export async function* tiledBands(
  image: Pick<DecodedSamples, 'width' | 'height'>,
  plan: { columns: AxisPlan; rows: AxisPlan },
  scale: number,
  channels: number,
  runTile: RunTile,
): AsyncGenerator<Band> {
  const { columns, rows } = plan
  const whole = columns.starts.length === 1 && rows.starts.length === 1
  if (whole && columns.size === image.width && rows.size === image.height) {
    const [width, height] = [image.width * scale, image.height * scale]
    yield { y: 0, height, channels, planes: await runTile(0, 0), stride: width * height }
    return
  }
  const blender = new Blender(plan, scale, channels)
  for (let row = 0; row < rows.starts.length; row++) {
    for (let column = 0; column < columns.starts.length; column++) {
      blender.add(row, column, await runTile(columns.starts[column], rows.starts[row]))
    }
    yield blender.takeFinished(row)
  }
}

/** Accumulates weighted tiles of the current row of tiles; what the next row overlaps stays behind. */
class Blender {
  readonly #columns: AxisPlan
  readonly #rows: AxisPlan
  readonly #scale: number
  readonly #channels: number
  readonly #across: Float32Array[]
  readonly #down: Float32Array[]
  readonly #width: number
  readonly #stride: number
  readonly #sums: Float32Array

  constructor({ columns, rows }: { columns: AxisPlan; rows: AxisPlan }, scale: number, channels: number) {
    this.#columns = columns
    this.#rows = rows
    this.#scale = scale
    this.#channels = channels
    this.#across = blendWeights(columns, scale)
    this.#down = blendWeights(rows, scale)
    this.#width = columns.length * scale
    this.#stride = this.#width * Math.min(rows.size, rows.length) * scale
    this.#sums = new Float32Array(this.#stride * channels)
  }

  add(row: number, column: number, tile: ArrayLike<number>): void {
    const scale = this.#scale
    const [tileWidth, tileHeight] = [this.#columns.size * scale, this.#rows.size * scale]
    const left = this.#columns.starts[column] * scale
    const width = Math.min(tileWidth, this.#width - left)
    const height = Math.min(tileHeight, this.#rows.length * scale)
    const across = this.#across[column]
    const down = this.#down[row]
    for (let c = 0; c < this.#channels; c++) {
      for (let y = 0; y < height; y++) {
        const weight = down[y]
        if (weight === 0) continue
        const from = (c * tileHeight + y) * tileWidth
        const to = c * this.#stride + y * this.#width + left
        for (let x = 0; x < width; x++) this.#sums[to + x] += tile[from + x] * (weight * across[x])
      }
    }
  }

  /** Rows that no later row of tiles reaches, as a copy. */
  takeFinished(row: number): Band {
    const { starts, length } = this.#rows
    const end = starts[row + 1] ?? length
    const height = (end - starts[row]) * this.#scale
    const size = height * this.#width
    const planes = new Float32Array(size * this.#channels)
    for (let c = 0; c < this.#channels; c++) {
      const plane = this.#sums.subarray(c * this.#stride, (c + 1) * this.#stride)
      planes.set(plane.subarray(0, size), c * size)
      plane.copyWithin(0, size)
      plane.fill(0, plane.length - size)
    }
    return { y: starts[row] * this.#scale, height, channels: this.#channels, planes, stride: size }
  }
}
