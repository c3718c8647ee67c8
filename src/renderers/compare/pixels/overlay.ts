import { type Picture, pictureFrom } from '../../shared/pictures/picture.ts'
import type { ColourMap } from '../../shared/ui/colormaps.ts'

/**
 * A grey map (0..255) in colours, as opaque as its value, so that what is nothing stays visible through it. Where the map
 * is transparent, it has no value and no colour.
 *
 * @param reversed what is low is coloured and opaque, for maps of which more is better
 * @throws the signal's reason
 */
export async function overlayPicture(
  grey: Picture,
  map: ColourMap,
  reversed: boolean,
  signal: AbortSignal,
): Promise<Picture> {
  const canvas = new OffscreenCanvas(grey.width, grey.height)
  const context = canvas.getContext('2d')!
  const rows = Math.max(1, Math.floor(2 ** 20 / grey.width))
  for (let top = 0; top < grey.height; top += rows) {
    const strip = grey.read(0, top, grey.width, Math.min(rows, grey.height - top))
    const { data } = strip
    for (let i = 0; i < data.length; i += 4) {
      const value = reversed ? 255 - data[i] : data[i]
      data[i] = map[value * 3]
      data[i + 1] = map[value * 3 + 1]
      data[i + 2] = map[value * 3 + 2]
      if (data[i + 3] !== 0) data[i + 3] = value
    }
    context.putImageData(strip, 0, top)
    await new Promise(resolve => setTimeout(resolve))
    signal.throwIfAborted()
  }
  return pictureFrom(canvas.transferToImageBitmap())
}
