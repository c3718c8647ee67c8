import type { DecodedSamples } from '../../images/decode.ts'
import type { Band } from './bands.ts'
import { alphaChannel, BicubicRows, colourChannels } from './bicubic-bands.ts'

/**
 * Turns bands into rows of an 8-bit RGB or RGBA file: pixels limited to 0..1 and rounded to the nearest of 256 levels.
 * A band of luma gets its colour differences, and a file with alpha its alpha, from the bicubically enlarged LR image.
 */
export class EightBitRows {
  readonly #image: DecodedSamples
  readonly #bicubic: BicubicRows
  /** 3, or 4 with alpha. */
  readonly channels: 3 | 4

  constructor(image: DecodedSamples, scale: number) {
    this.#image = image
    this.#bicubic = new BicubicRows(image, scale)
    this.channels = alphaChannel(image) === undefined ? 3 : 4
  }

  rows(band: Band): Uint8Array {
    const size = band.height * this.#bicubic.width
    const rows = new Uint8Array(size * this.channels)
    const { planes, stride } = band.channels === 3 ? band : this.#withColour(band)
    for (let i = 0, at = 0; i < size; i++, at += this.channels) {
      rows[at] = level(planes[i])
      rows[at + 1] = level(planes[stride + i])
      rows[at + 2] = level(planes[2 * stride + i])
    }
    const channel = alphaChannel(this.#image)
    if (channel === undefined) return rows
    const alpha = this.#bicubic.band(band.y, band.height, [channel]).planes
    for (let i = 0; i < size; i++) rows[i * 4 + 3] = level(alpha[i])
    return rows
  }

  /** R' = R + (Y_sr - Y): the colour differences of full range YCbCr do not depend on Y. */
  #withColour(luma: Band): Band {
    const band = this.#bicubic.band(luma.y, luma.height, colourChannels(this.#image))
    const planes = band.planes as Float32Array
    const { stride } = band
    for (let i = 0; i < stride; i++) {
      const y = 0.299 * planes[i] + 0.587 * planes[stride + i] + 0.114 * planes[2 * stride + i]
      const change = luma.planes[i] - y
      for (let c = 0; c < 3; c++) planes[c * stride + i] += change
    }
    return band
  }
}

/** Half up, and 0 for what is not a number. */
function level(pixel: number): number {
  const value = pixel * 255 + 0.5
  return value >= 255 ? 255 : value > 0 ? value | 0 : 0
}
