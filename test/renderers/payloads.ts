import type { ColumnInfo, ComparePayload, CompareTriplet } from '../../src/kernel/protocol/mime.ts'
import { drawImage, type Rgb, type TestImage } from './images.ts'

export const PSNR: ColumnInfo = {
  name: 'psnr',
  label: 'PSNR',
  unit: 'dB',
  direction: 'higher',
  range: [0, null],
  settings: { channel: 'Y', border: 4 },
  version: '1',
  source: 'ITU-R BT.601 luma',
}

export const HS: ColumnInfo = {
  name: 'hs',
  label: 'HS',
  direction: 'higher',
  range: [1, 5],
  settings: { judge: 'test', repeats: 3 },
  version: '1',
  source: 'Hallucination Score',
}

/** A colour that appears once in each image, at `MARK`. */
export const MARK_COLOUR: Rgb = [255, 0, 255]
export const MARK = { x: 96, y: 64, width: 8, height: 8 }

export const FRAME = { width: 256, height: 192 }

/** A flat image with the mark; `colour` is the rest. */
export function markedImage(colour: Rgb, scale = 1, name?: string): Promise<TestImage> {
  const inside = (value: number, start: number, length: number) =>
    value >= start / scale && value < (start + length) / scale
  return drawImage(
    FRAME.width / scale,
    FRAME.height / scale,
    (x, y) => (inside(x, MARK.x, MARK.width) && inside(y, MARK.y, MARK.height) ? MARK_COLOUR : colour),
    name,
  )
}

export const COLOURS = { lr: [40, 40, 40], gt: [10, 200, 30], a: [200, 30, 10], b: [20, 60, 220] } as const

export interface MarkedTriplet {
  triplet: CompareTriplet
  images: TestImage[]
}

/** LR, GT and two methods, told apart by colour. */
export async function markedTriplet(id = '0001'): Promise<MarkedTriplet> {
  const [lr, gt, a, b] = await Promise.all([
    markedImage(COLOURS.lr, 4),
    markedImage(COLOURS.gt),
    markedImage(COLOURS.a),
    markedImage(COLOURS.b),
  ])
  return {
    images: [lr, gt, a, b],
    triplet: {
      id,
      scale: 4,
      images: [
        { role: 'lr', label: 'LR', image: lr.ref, values: {} },
        { role: 'gt', label: 'GT', image: gt.ref, values: {} },
        { role: 'sr', label: 'alpha', method: 'alpha', image: a.ref, values: { psnr: 27.125, hs: 2.5 } },
        { role: 'sr', label: 'beta', method: 'beta', image: b.ref, values: { psnr: 24.5, hs: 4 } },
      ],
    },
  }
}

export function comparePayload(...triplets: CompareTriplet[]): ComparePayload {
  return { columns: [PSNR, HS], triplets }
}
