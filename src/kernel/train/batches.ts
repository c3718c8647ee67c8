import { MirageError } from '../errors.ts'
import { crop as cropped, type Pixels } from '../images/pixels.ts'
import { type DegradationSettings, degradePatch, type Jpeg } from './degradation.ts'
import { pixelsOf, writePatch } from './patches.ts'
import { randomAt, samplesOf } from './plan.ts'
import type { TrainImage } from './settings.ts'

/** What a step is fed: RGB, 0..1, NCHW. */
export interface Batch {
  lr: Float32Array
  gt: Float32Array
}

export interface BatchSettings {
  images: readonly TrainImage[]
  scale: number
  batch: number
  crop: number
  degradation: DegradationSettings
  seed: number
}

/** Reads an image of the study; decoded ones are remembered by whoever provides this. */
export type ReadImage = (image: TrainImage['gt']) => Promise<Pixels>

/**
 * The batch of a step. LR and GT are cut at the same place and turned alike; without an LR one is made from the GT patch,
 * and differently each time it comes up.
 */
export async function batchAt(
  step: number,
  settings: BatchSettings,
  read: ReadImage,
  jpeg: Jpeg,
): Promise<Batch> {
  const { images, scale, batch, crop } = settings
  const big = crop * scale
  const lr = new Float32Array(batch * 3 * crop * crop)
  const gt = new Float32Array(batch * 3 * big * big)
  const samples = samplesOf(
    step,
    settings,
    images.map(image => lrSize(image, scale)),
  )
  await Promise.all(
    samples.map(async (sample, i) => {
      const image = images[sample.image]
      const whole = await read(image.gt)
      writePatch(gt, i * 3 * big * big, whole, {
        x: sample.x * scale,
        y: sample.y * scale,
        side: big,
        turn: sample.turn,
      })
      if (image.lr) {
        writePatch(lr, i * 3 * crop * crop, await read(image.lr), { ...sample, side: crop })
      } else {
        const patch = pixelsOf(gt.subarray(i * 3 * big * big, (i + 1) * 3 * big * big), big)
        const random = randomAt(settings.seed, 'degrade', step * batch + i)
        const made = await degradePatch(patch, crop, settings.degradation, random, jpeg)
        writePatch(lr, i * 3 * crop * crop, made, { x: 0, y: 0, side: crop, turn: 0 })
      }
    }),
  )
  return { lr, gt }
}

/** Size of an image's LR, given or to be made. */
export function lrSize({ lr, gt }: TrainImage, scale: number): { width: number; height: number } {
  if (lr) return lr
  return { width: Math.floor(gt.width / scale), height: Math.floor(gt.height / scale) }
}

/** The middle of a held-out image. */
export async function centre(
  image: TrainImage,
  { scale, crop, degradation, seed }: Omit<BatchSettings, 'images' | 'batch'>,
  index: number,
  read: ReadImage,
  jpeg: Jpeg,
): Promise<Batch> {
  const { width, height } = lrSize(image, scale)
  const [x, y] = [(width - crop) >> 1, (height - crop) >> 1]
  const big = crop * scale
  const whole = await read(image.gt)
  const gt = new Float32Array(3 * big * big)
  const lr = new Float32Array(3 * crop * crop)
  writePatch(gt, 0, whole, { x: x * scale, y: y * scale, side: big, turn: 0 })
  const small = image.lr
    ? cropped(await read(image.lr), x, y, crop, crop)
    : await degradePatch(pixelsOf(gt, big), crop, degradation, randomAt(seed, 'held', index + 1), jpeg)
  writePatch(lr, 0, small, { x: 0, y: 0, side: crop, turn: 0 })
  return { lr, gt }
}

/**
 * Checks that every image is as large as a crop and that LR and GT fit each other.
 *
 * @throws MirageError `image-too-small`, `size-mismatch`
 */
export function checkImages(images: readonly TrainImage[], scale: number, crop: number): void {
  for (const image of images) {
    const { width, height } = lrSize(image, scale)
    if (Math.min(width, height) < crop) {
      throw new MirageError({
        code: 'image-too-small',
        message: `"${image.id}" has an LR of ${width} x ${height}, smaller than a crop of ${crop}.`,
        remedy: `Write "crop: ${Math.min(width, height)}" or leave the image out.`,
      })
    }
    const { lr, gt } = image
    if (lr && (lr.width * scale !== gt.width || lr.height * scale !== gt.height)) {
      throw new MirageError({
        code: 'size-mismatch',
        message: `"${image.id}": GT is ${gt.width} x ${gt.height}, where LR (${lr.width} x ${lr.height}) and a scale of ${scale} give ${lr.width * scale} x ${lr.height * scale}.`,
        remedy: 'Train with a model of the scale of the triplets.',
      })
    }
  }
}
