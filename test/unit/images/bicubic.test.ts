import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { resizeBicubic } from '../../../src/kernel/images/bicubic.ts'
import { createPixels, type Pixels } from '../../../src/kernel/images/pixels.ts'
import { bicubicReference } from '../../reference/bicubic.ts'

const image = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc
      .array(fc.float({ min: 0, max: 1, noNaN: true }), {
        minLength: width * height,
        maxLength: width * height,
      })
      .map((values): Pixels => ({ width, height, channels: 1, data: Float32Array.from(values) })),
  )
const side = fc.integer({ min: 1, max: 20 })

test('separable bicubic equals the definition, larger and smaller', () => {
  fc.assert(
    fc.property(image, side, side, fc.boolean(), (source, width, height, antialias) => {
      const fast = resizeBicubic(source, width, height, { antialias }).data
      const slow = bicubicReference(source, width, height, antialias)
      expect(fast.length).toBe(slow.length)
      for (let i = 0; i < slow.length; i++) expect(fast[i]).toBeCloseTo(slow[i], 5)
    }),
    { numRuns: 60 },
  )
})

test('bicubic equals Pillow away from the border', () => {
  const golden = JSON.parse(readFileSync('test/fixtures/data/bicubic.json', 'utf8'))
  const source = createPixels(48, 40, 1)
  for (let y = 0; y < 40; y++)
    for (let x = 0; x < 48; x++) source.data[y * 48 + x] = ((x * 7 + y * 13 + x * y) % 64) / 63
  for (const { width, height, margin, values } of golden.cases) {
    const out = resizeBicubic(source, width, height).data
    let k = 0
    for (let y = margin; y < height - margin; y++) {
      // Pillow works in single precision.
      for (let x = margin; x < width - margin; x++)
        expect(Math.abs(out[y * width + x] - values[k++])).toBeLessThan(2e-6)
    }
  }
})

test('resizing keeps a flat image flat and every channel apart', () => {
  const source = createPixels(9, 7)
  for (let c = 0; c < 3; c++) source.data.fill(0.2 + 0.3 * c, c * 63, (c + 1) * 63)
  const out = resizeBicubic(source, 4, 13)
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < 52; i++) expect(out.data[c * 52 + i]).toBeCloseTo(0.2 + 0.3 * c, 6)
  }
})
