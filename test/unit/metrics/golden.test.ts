import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { decodeImage } from '../../../src/kernel/images/decode.ts'
import { createPixels, type Pixels } from '../../../src/kernel/images/pixels.ts'
import { metricImages } from '../../../src/kernel/metrics/images.ts'
import { metricByName } from '../../../src/kernel/metrics/registry.ts'

const golden: { width: number; height: number; values: [string, object, number][] } = JSON.parse(
  readFileSync('test/fixtures/data/metrics.json', 'utf8'),
)

/** The images of test/fixtures/metrics.py. */
function patterns(width: number, height: number) {
  const make = (value: (x: number, y: number, c: number) => number): Pixels => {
    const image = createPixels(width, height)
    for (let c = 0, i = 0; c < 3; c++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) image.data[i++] = Math.min(255, Math.max(0, value(x, y, c))) / 255
      }
    }
    return image
  }
  const gt = (x: number, y: number, c: number) => ((x * x * (3 + c) + y * y * 5 + x * y * 7) >> 6) % 256
  return metricImages({
    gt: { hash: 'gt', pixels: make(gt) },
    sr: { hash: 'sr', pixels: make((x, y, c) => gt(x, y, c) + ((x * 31 + y * 17) % 23) - 11) },
    lr: {
      hash: 'lr',
      pixels: make((x, y, c) => Math.floor((gt(x, y, c) * 3 + 128) / 4) + ((x * 13 + y * 29) % 31) - 15),
    },
  })
}

test.each(golden.values)(
  '%s with %o equals numpy, scipy and scikit-image',
  async (name, settings, expected) => {
    const metric = metricByName(name)
    const images = patterns(golden.width, golden.height)
    const { value } = await metric.measure(images, metric.settings.parse(settings))
    // Pixels are single precision here and double there.
    expect(Math.abs(value! / expected - 1)).toBeLessThan(2e-6)
  },
)

const DATA = '../shared/data/realsr-osediff'

test.skipIf(!existsSync(DATA))(
  'PSNR-Y and SSIM-Y equal what the authors of OSEDiff published for 40 images (skipped without ../shared/data)',
  async () => {
    const published: Record<'id' | 'psnr' | 'ssim', string>[] = parse(
      readFileSync(`${DATA}/published-metrics.csv`),
      {
        columns: true,
      },
    )
    expect(published).toHaveLength(40)
    for (const { id, ...values } of published) {
      const load = async (folder: string) => (await decodeImage(`${DATA}/${folder}/${id}.png`)).pixels
      const images = metricImages({
        sr: { hash: 'sr', pixels: await load('sr') },
        gt: { hash: 'gt', pixels: await load('hr') },
      })
      for (const name of ['psnr', 'ssim'] as const) {
        const metric = metricByName(name)
        const { value } = await metric.measure(images, metric.settings.parse({}))
        // Published with six digits after the point, computed in single precision.
        expect(Math.abs(value! - Number(values[name])), `${name} of ${id}`).toBeLessThan(1e-4)
      }
    }
  },
)
