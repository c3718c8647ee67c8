/**
 * Slow and obvious forward passes of the two Real-ESRGAN networks, written from their published definitions
 * (https://github.com/xinntao/Real-ESRGAN, `SRVGGNetCompact`; https://github.com/XPixelGroup/BasicSR, `RRDBNet`) and
 * fed from a list of weights in the order in which the layers use them.
 */

/** One image, planar: `data[(c * height + y) * width + x]`. */
export interface Volume {
  channels: number
  height: number
  width: number
  data: Float64Array
}

/** Hands out weights in order. */
export interface WeightSource {
  kernel(count: number): ArrayLike<number>
  floats(count: number): ArrayLike<number>
}

export function volume(channels: number, height: number, width: number, at: (i: number) => number): Volume {
  return {
    channels,
    height,
    width,
    data: Float64Array.from({ length: channels * height * width }, (_, i) => at(i)),
  }
}

/** A 3x3 convolution with zero padding of 1. */
function conv(input: Volume, outputs: number, weights: WeightSource): Volume {
  const { channels, height, width } = input
  const kernel = weights.kernel(outputs * channels * 9)
  const bias = weights.floats(outputs)
  const out = volume(outputs, height, width, () => 0)
  for (let o = 0; o < outputs; o++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = bias[o]
        for (let c = 0; c < channels; c++) {
          for (let ky = 0; ky < 3; ky++) {
            for (let kx = 0; kx < 3; kx++) {
              const [sy, sx] = [y + ky - 1, x + kx - 1]
              if (sy < 0 || sx < 0 || sy >= height || sx >= width) continue
              sum +=
                kernel[((o * channels + c) * 3 + ky) * 3 + kx] * input.data[(c * height + sy) * width + sx]
            }
          }
        }
        out.data[(o * height + y) * width + x] = sum
      }
    }
  }
  return out
}

const map = (input: Volume, f: (value: number, i: number) => number): Volume => ({
  ...input,
  data: input.data.map(f),
})
const leaky = (input: Volume) => map(input, value => (value < 0 ? 0.2 * value : value))

function concat(...parts: Volume[]): Volume {
  const data = parts.flatMap(part => [...part.data])
  return {
    ...parts[0],
    channels: parts.reduce((sum, part) => sum + part.channels, 0),
    data: Float64Array.from(data),
  }
}

function nearest(input: Volume, factor: number): Volume {
  const { channels, height, width, data } = input
  const [h, w] = [height * factor, width * factor]
  return volume(channels, h, w, i => {
    const [c, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w]
    return data[(c * height + Math.floor(y / factor)) * width + Math.floor(x / factor)]
  })
}

function pixelShuffle(input: Volume, factor: number): Volume {
  const { channels, height, width, data } = input
  const [h, w] = [height * factor, width * factor]
  return volume(channels / factor ** 2, h, w, i => {
    const [c, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w]
    const from = (c * factor + (y % factor)) * factor + (x % factor)
    return data[(from * height + Math.floor(y / factor)) * width + Math.floor(x / factor)]
  })
}

export function srvggNetCompact(
  input: Volume,
  weights: WeightSource,
  features = 64,
  convolutions = 32,
): Volume {
  let x = input
  for (let i = 0; i <= convolutions; i++) {
    x = conv(x, features, weights)
    const slopes = weights.floats(features)
    const plane = x.height * x.width
    x = map(x, (value, j) => (value < 0 ? value * slopes[Math.floor(j / plane)] : value))
  }
  const shuffled = pixelShuffle(conv(x, 48, weights), 4)
  const base = nearest(input, 4)
  return map(shuffled, (value, i) => value + base.data[i])
}

export function rrdbNet(
  input: Volume,
  weights: WeightSource,
  features = 64,
  growth = 32,
  blocks = 23,
): Volume {
  const first = conv(input, features, weights)
  let x = first
  for (let block = 0; block < blocks; block++) {
    const start = x
    for (let dense = 0; dense < 3; dense++) {
      const x0 = x
      const x1 = leaky(conv(x0, growth, weights))
      const x2 = leaky(conv(concat(x0, x1), growth, weights))
      const x3 = leaky(conv(concat(x0, x1, x2), growth, weights))
      const x4 = leaky(conv(concat(x0, x1, x2, x3), growth, weights))
      const x5 = conv(concat(x0, x1, x2, x3, x4), features, weights)
      x = map(x5, (value, i) => value * 0.2 + x0.data[i])
    }
    x = map(x, (value, i) => value * 0.2 + start.data[i])
  }
  const body = conv(x, features, weights)
  x = map(body, (value, i) => value + first.data[i])
  x = leaky(conv(nearest(x, 2), features, weights))
  x = leaky(conv(nearest(x, 2), features, weights))
  return conv(leaky(conv(x, features, weights)), 3, weights)
}
