import { type AxisWeights, axisWeights } from '../../images/bicubic.ts'
import type { DecodedSamples } from '../../images/decode.ts'
import type { Band } from './bands.ts'

/** Rows of an image enlarged bicubically (images/bicubic.ts), any of them on demand, so that memory stays small. */
export class BicubicRows {
  readonly #image: DecodedSamples
  readonly #rows: AxisWeights
  readonly #columns: AxisWeights
  readonly width: number
  readonly height: number

  constructor(image: DecodedSamples, scale: number) {
    this.#image = image
    this.width = image.width * scale
    this.height = image.height * scale
    this.#rows = axisWeights(image.height, this.height, false)
    this.#columns = axisWeights(image.width, this.width, false)
  }

  /** Rows `y` to `y + height` of the given channels of the file, as planes of pixels in 0..1 (not limited). */
  band(y: number, height: number, channels: number[]): Band {
    const size = height * this.width
    const planes = new Float32Array(size * channels.length)
    const line = new Float64Array(this.#image.width)
    channels.forEach((channel, c) => {
      for (let row = 0; row < height; row++) {
        this.#sumColumns(y + row, channel, line)
        this.#sumAlong(line, planes, c * size + row * this.width)
      }
    })
    return { y, height, channels: channels.length, planes, stride: size }
  }

  #sumColumns(y: number, channel: number, line: Float64Array): void {
    const { taps, index, weight } = this.#rows
    const { samples, width, channels, max } = this.#image
    line.fill(0)
    for (let t = y * taps; t < (y + 1) * taps; t++) {
      const w = weight[t] / max
      if (w === 0) continue
      for (let x = 0, at = index[t] * width * channels + channel; x < width; x++, at += channels) {
        line[x] += w * samples[at]
      }
    }
  }

  #sumAlong(line: Float64Array, out: Float32Array, to: number): void {
    const { taps, index, weight } = this.#columns
    for (let x = 0, k = 0; x < this.width; x++) {
      let sum = 0
      for (let t = 0; t < taps; t++, k++) sum += weight[k] * line[index[k]]
      out[to + x] = sum
    }
  }
}

/** Rows that are computed together. */
const BAND_ROWS = 256

/** The whole enlarged image in bands; channels of the file as RGB. */
export function* bicubicBands(image: DecodedSamples, scale: number): Generator<Band> {
  const rows = new BicubicRows(image, scale)
  for (let y = 0; y < rows.height; y += BAND_ROWS) {
    yield rows.band(y, Math.min(BAND_ROWS, rows.height - y), colourChannels(image))
  }
}

/** Where R, G and B lie in the file's samples. */
export function colourChannels({ channels }: DecodedSamples): [number, number, number] {
  return channels < 3 ? [0, 0, 0] : [0, 1, 2]
}

/** Where alpha lies, if there is any. */
export function alphaChannel({ channels }: DecodedSamples): number | undefined {
  return channels % 2 === 0 ? channels - 1 : undefined
}
