import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { decodeImage, readHeader } from '../../../src/kernel/images/decode.ts'
import { encodeMap, encodePng, encodeThumbnail } from '../../../src/kernel/images/encode.ts'
import { createPixels, crop } from '../../../src/kernel/images/pixels.ts'

function pattern(width: number, height: number, levels: number) {
  const image = createPixels(width, height)
  for (let i = 0; i < image.data.length; i++) image.data[i] = ((i * 7919) % levels) / (levels - 1)
  return image
}

test('8-bit and 16-bit PNG give back every level', async () => {
  for (const bits of [8, 16] as const) {
    const image = pattern(37, 23, 2 ** bits)
    const file = await encodePng(image, bits)
    const { pixels, converted } = await decodeImage(file)
    expect(converted).toEqual([])
    expect(pixels).toEqual(image)
    expect(await readHeader(file)).toEqual({
      width: 37,
      height: 23,
      mime: 'image/png',
      bitsPerChannel: bits,
      converted,
    })
  }
})

test('values outside 0..1 are limited, and not-a-number is black', async () => {
  const image = createPixels(3, 1)
  image.data.set([-0.5, 1.5, Number.NaN])
  const { pixels } = await decodeImage(await encodePng(image))
  expect([...pixels.data.subarray(0, 3)]).toEqual([0, 1, 0])
})

test('grey, 16-bit grey and alpha become RGB, and it is said', async () => {
  const grey = await decodeImage(
    await encodePng({ width: 2, height: 1, channels: 1, data: Float32Array.of(0.2, 1) }, 8),
  )
  expect(grey.converted).toEqual(['grey copied to R, G and B'])
  expect([...grey.pixels.data]).toEqual([...Float32Array.of(0.2, 1, 0.2, 1, 0.2, 1)])
  const fine = Float32Array.of(257 / 65535, 300 / 65535)
  const grey16 = await decodeImage(await encodePng({ width: 2, height: 1, channels: 1, data: fine }, 16))
  expect([...grey16.pixels.data.subarray(4)]).toEqual([...fine])
  const half = sharp(Buffer.from([255, 0, 0, 0]), { raw: { width: 1, height: 1, channels: 4 } })
  const clear = await decodeImage(await half.png().toBuffer())
  expect(clear.converted).toEqual(['alpha composited over white'])
  expect([...clear.pixels.data]).toEqual([1, 1, 1])
})

test('EXIF orientation is applied to the size and to the pixels', async () => {
  const source = sharp(Buffer.from([255, 0, 0, 0, 0, 255]), { raw: { width: 2, height: 1, channels: 3 } })
  const file = await source.withMetadata({ orientation: 6 }).png().toBuffer()
  const { pixels, converted } = await decodeImage(file)
  expect(converted).toEqual(['EXIF orientation applied'])
  expect([pixels.width, pixels.height]).toEqual([1, 2])
  expect([...pixels.data]).toEqual([1, 0, 0, 0, 0, 1])
  expect(await readHeader(file)).toMatchObject({ width: 1, height: 2 })
})

test('an sRGB profile changes no value; another profile is converted and named', async () => {
  const image = pattern(16, 16, 256)
  const plain = sharp(await encodePng(image))
  const srgb = await decodeImage(await plain.clone().withIccProfile('srgb').png().toBuffer())
  expect(srgb).toEqual({ pixels: image, converted: [] })
  const p3 = await plain.clone().withIccProfile('p3', { attach: true }).png().toBuffer()
  const wide = await decodeImage(p3)
  expect(wide.converted).toHaveLength(1)
  expect(wide.converted[0]).toMatch(/^colours converted to sRGB from the profile ".*P3/)
  let worst = 0
  for (let i = 0; i < image.data.length; i++)
    worst = Math.max(worst, Math.abs(wide.pixels.data[i] - image.data[i]))
  // There and back through 8-bit P3 values.
  expect(worst).toBeLessThan(4 / 255)
})

test('a file that is no image, is cut short or is missing is an error that names it', async () => {
  const whole = await encodePng(pattern(64, 64, 256))
  const cut = whole.subarray(0, whole.length / 2)
  for (const bytes of [readFileSync('package.json'), cut, new Uint8Array(0)]) {
    await expect(decodeImage(bytes, 'lr/a.png')).rejects.toMatchObject({
      info: { code: 'not-an-image', message: expect.stringContaining('lr/a.png') },
    })
  }
  await expect(decodeImage('no/such.png')).rejects.toMatchObject({ info: { code: 'file-missing' } })
})

test('a map is a grey image whose ends are its range', async () => {
  const map = { width: 4, height: 1, data: Float64Array.of(-1, 0, 0.5, 3) }
  const { data, info } = await sharp(await encodeMap(map, [0, 2]))
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect(info.channels).toBe(1)
  expect([...data]).toEqual([0, 0, 64, 255])
})

test('where a map has no value it is transparent', async () => {
  const map = { width: 3, height: 1, data: Float64Array.of(0, Number.NaN, 2) }
  const { data, info } = await sharp(await encodeMap(map, [0, 2]))
    .raw()
    .toBuffer({ resolveWithObject: true })
  const alpha = info.channels - 1
  expect([0, 1, 2].map(i => data[i * info.channels + alpha])).toEqual([255, 0, 255])
  expect([data[0], data[2 * info.channels]]).toEqual([0, 255])
})

test('a thumbnail is at most 256 px long and keeps its shape', async () => {
  const file = await encodeThumbnail(await encodePng(pattern(600, 300, 256)), 'a.png')
  expect(await readHeader(file)).toMatchObject({ width: 256, height: 128, mime: 'image/jpeg' })
})

test('a crop holds the pixels of its rectangle and must lie inside', () => {
  const image = pattern(5, 4, 256)
  const part = crop(image, 2, 1, 3, 2)
  expect([...part.data.subarray(6, 9)]).toEqual([...image.data.subarray(20 + 7, 20 + 10)])
  expect(() => crop(image, 3, 0, 3, 2)).toThrow(RangeError)
})
