import { resizeBicubic } from '../images/bicubic.ts'
import { luma, rounded } from '../images/luma.ts'
import type { Pixels } from '../images/pixels.ts'
import type { MetricImages } from './metric.ts'
import type { MetricImage } from './metric-image.ts'
import { once } from './once.ts'

export interface NamedPixels {
  hash: string
  pixels: Pixels
}

/** The images of one row, with derived values made when first asked for and kept with them. */
export function metricImages(images: { sr: NamedPixels; gt?: NamedPixels; lr?: NamedPixels }): MetricImages {
  const memo = new Map<string, unknown>()
  const shared = <T>(key: string, make: () => T): T => {
    if (!memo.has(key)) memo.set(key, make())
    return memo.get(key) as T
  }
  const { lr } = images
  const { width, height } = images.sr.pixels
  return {
    sr: metricImage(images.sr),
    gt: images.gt && metricImage(images.gt),
    lr: lr && metricImage(lr),
    shared,
    enlargedLr() {
      if (!lr) throw new Error('a metric that enlarges LR must need it')
      return shared('enlarged lr', () =>
        metricImage({
          hash: `${lr.hash}@${width}x${height}`,
          pixels: resizeBicubic(lr.pixels, width, height),
        }),
      )
    },
  }
}

/** One image; its luma is computed once. */
export function metricImage({ hash, pixels }: NamedPixels): MetricImage {
  const plain = once(() => luma(pixels))
  return { hash, pixels, luma: plain, roundedLuma: once(() => rounded(plain())) }
}
