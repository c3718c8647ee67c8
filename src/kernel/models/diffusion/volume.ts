/** Channels of one image or latent: `data[(c * height + y) * width + x]`, any units. */
export interface Volume {
  channels: number
  height: number
  width: number
  data: Float32Array
}

export function createVolume(channels: number, height: number, width: number): Volume {
  return { channels, height, width, data: new Float32Array(channels * height * width) }
}

/** The rectangle at (`x`, `y`), which lies inside. */
export function cropVolume(volume: Volume, x: number, y: number, width: number, height: number): Volume {
  const out = createVolume(volume.channels, height, width)
  for (let c = 0; c < volume.channels; c++) {
    for (let row = 0; row < height; row++) {
      const from = (c * volume.height + y + row) * volume.width + x
      out.data.set(volume.data.subarray(from, from + width), (c * height + row) * width)
    }
  }
  return out
}

/** Channels of `a`, then of `b`, which has the same size. */
export function stackVolumes(a: Volume, b: Volume): Volume {
  const out = createVolume(a.channels + b.channels, a.height, a.width)
  out.data.set(a.data)
  out.data.set(b.data, a.data.length)
  return out
}

/** Channels `from` to `to` as a copy. */
export function channelsOf(volume: Volume, from: number, to: number): Volume {
  const size = volume.height * volume.width
  return { ...volume, channels: to - from, data: volume.data.slice(from * size, to * size) }
}
