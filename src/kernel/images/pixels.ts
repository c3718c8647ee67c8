/**
 * An image as numbers: RGB (3 channels) or grey (1), planar, row by row. The value of channel `c` at column `x` of row
 * `y` is `data[(c * height + y) * width + x]`, which is the NCHW layout of one image. Values are sRGB code values
 * divided by their maximum (v/255 of an 8-bit file), so 0 is black and 1 is white; results of arithmetic may leave
 * 0..1 until they are encoded.
 */
export interface Pixels {
  width: number
  height: number
  channels: 1 | 3
  data: Float32Array
}

/** One number per pixel in double precision, row by row: luma, a filtered image, a map. Each user states its range. */
export interface Plane {
  width: number
  height: number
  data: Float64Array
}

export function createPixels(width: number, height: number, channels: 1 | 3 = 3): Pixels {
  return { width, height, channels, data: new Float32Array(width * height * channels) }
}

export function createPlane(width: number, height: number): Plane {
  return { width, height, data: new Float64Array(width * height) }
}

/** Channel `c` as a view (not a copy). */
export function channelOf(image: Pixels, c: number): Float32Array {
  const size = image.width * image.height
  return image.data.subarray(c * size, (c + 1) * size)
}

/** The rectangle of `width` x `height` whose top left corner is (`x`, `y`), as a copy. It must lie inside the image. */
export function crop(image: Pixels, x: number, y: number, width: number, height: number): Pixels {
  if (x < 0 || y < 0 || x + width > image.width || y + height > image.height) {
    throw new RangeError(`${width}x${height} at (${x}, ${y}) is not inside ${image.width}x${image.height}`)
  }
  const out = createPixels(width, height, image.channels)
  for (let c = 0; c < image.channels; c++) {
    const from = channelOf(image, c)
    const to = channelOf(out, c)
    for (let row = 0; row < height; row++) {
      const start = (y + row) * image.width + x
      to.set(from.subarray(start, start + width), row * width)
    }
  }
  return out
}

/** Values limited to 0..1 and rounded (half up) to the 256 levels of an 8-bit file, as saving and loading would do. */
export function quantize8(image: Pixels): Pixels {
  const out = createPixels(image.width, image.height, image.channels)
  for (let i = 0; i < out.data.length; i++) out.data[i] = level(image.data[i], 255) / 255
  return out
}

/** The integer level (0..`max`) of a value in 0..1, half up; what is not a number is 0. */
export function level(value: number, max: number): number {
  const scaled = value * max + 0.5
  return scaled >= max ? max : scaled >= 0 ? Math.floor(scaled) : 0
}
