import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { type ImageRequest, judgeImages, prepareImage } from '../../src/kernel/compute/jobs/judge-images.ts'
import { resizeBicubic } from '../../src/kernel/images/bicubic.ts'
import { decodeImage } from '../../src/kernel/images/decode.ts'
import { encodePng } from '../../src/kernel/images/encode.ts'
import { createPixels, crop, type Pixels, quantize8 } from '../../src/kernel/images/pixels.ts'
import type { Store } from '../../src/kernel/store/store.ts'
import { temporaryStore } from '../fixtures/judge-bench.ts'

/** A picture with no two equal pixels near each other. */
function picture(width: number, height: number, shift = 0): Pixels {
  const pixels = createPixels(width, height)
  for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = ((i * 37 + shift) % 256) / 255
  return pixels
}

async function prepare(store: Store, requests: ImageRequest[]) {
  const signal = new AbortController().signal
  return judgeImages.run({ images: requests }, { storeRoot: store.root, signal, report: () => {} })
}

describe('images for a judge', () => {
  it('carry no metadata, and equal requests give equal bytes', async () => {
    const store = await temporaryStore()
    const photo = await sharp({ create: { width: 20, height: 10, channels: 3, background: '#336699' } })
      .withExif({ IFD0: { Artist: 'Canary Person' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .jpeg()
      .toBuffer()
    expect(photo.includes('Canary Person')).toBe(true)
    const source = await store.putObject(photo)
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const [first, second] = await prepare(store, [
        { source, format, quality: 90 },
        { source, format, quality: 90 },
      ])
      expect(first).toEqual(second)
      const bytes = Buffer.from(await store.getObject(first.hash))
      const metadata = await sharp(bytes).metadata()
      expect(metadata).toMatchObject({ format, width: 20, height: 10 })
      expect(metadata.exif).toBeUndefined()
      expect(bytes.includes('Canary')).toBe(false)
    }
  })

  it('are enlarged exactly as the stated bicubic does it', async () => {
    const store = await temporaryStore()
    const lr = picture(8, 6)
    const source = await store.putObject(await encodePng(lr))
    const [{ hash }] = await prepare(store, [
      { source, format: 'png', enlarge: { to: [32, 24], by: 'bicubic' } },
    ])
    const { pixels } = await decodeImage(await store.getObject(hash))
    expect(pixels.data).toEqual(quantize8(resizeBicubic(lr, 32, 24)).data)
  })

  it('are enlarged by nearest neighbour so that every pixel becomes a block', () => {
    const lr = picture(3, 2)
    const large = prepareImage(lr, { source: '', format: 'png', enlarge: { to: [9, 6], by: 'nearest' } })
    for (let y = 0; y < 6; y++) {
      for (let x = 0; x < 9; x++) {
        expect(large.data[y * 9 + x]).toBe(lr.data[Math.floor(y / 3) * 3 + Math.floor(x / 3)])
      }
    }
  })

  it('are cropped by fractions, zoomed, and reduced to the longest side', () => {
    const source = picture(40, 20)
    const part = prepareImage(source, { source: '', format: 'png', crop: [0.25, 0.5, 0.75, 1] })
    expect(part).toEqual(crop(source, 10, 10, 20, 10))
    const zoomed = prepareImage(source, { source: '', format: 'png', crop: [0.25, 0.5, 0.75, 1], zoom: 3 })
    expect([zoomed.width, zoomed.height]).toEqual([60, 30])
    const reduced = prepareImage(source, { source: '', format: 'png', longest: 10 })
    expect([reduced.width, reduced.height]).toEqual([10, 5])
  })

  it('may show a difference, which needs equal sizes', () => {
    const request = { source: '', format: 'png' } as const
    const shown = prepareImage(picture(4, 4, 5), request, picture(4, 4))
    expect(shown.data[0]).toBeCloseTo((5 / 255) * 4, 5)
    expect(() => prepareImage(picture(4, 4), request, picture(5, 4))).toThrow('one size')
  })
})
