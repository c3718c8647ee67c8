import { counted } from '../../counted.ts'
import { MirageError } from '../../errors.ts'
import type { ModelManifest } from '../../models/manifest.ts'
import { lrSize } from '../../train/batches.ts'
import { holdOut } from '../../train/plan.ts'
import type { TrainImage } from '../../train/settings.ts'
import type { StudyTable } from '../../value.ts'
import type { Params } from './params.ts'

/**
 * The images of a table to train on and to hold out, one per id.
 *
 * @throws MirageError `gt-missing`, `images-too-few`, `id-unknown`
 */
export function imagesOf(
  table: StudyTable,
  held: Params['held'],
  seed: number,
): { images: TrainImage[]; held: TrainImage[] } {
  const byId = Map.groupBy(table.rows, ({ id }) => id)
  const all = [...byId].map(([id, rows]): TrainImage => {
    const gt = rows.find(({ images }) => images.gt)?.images.gt
    const lr = rows.find(({ images }) => images.lr)?.images.lr
    if (gt) return { id, gt, ...(lr && { lr }) }
    throw new MirageError({
      code: 'gt-missing',
      message: `"${id}" has no GT image to learn from.`,
      remedy: 'Give `gt` in the triplets step, or leave the image out.',
    })
  })
  if (all.length < 2) {
    throw new MirageError({
      code: 'images-too-few',
      message: `The table has ${counted(all.length, 'image')}; one is needed to train on and another to judge by.`,
      remedy: 'Load more images.',
    })
  }
  if (Array.isArray(held)) {
    const unknown = held.find(id => !byId.has(id))
    if (unknown !== undefined || held.length >= all.length) {
      throw new MirageError({
        code: 'id-unknown',
        message:
          unknown === undefined
            ? 'Every image is held out, so none is left to train on.'
            : `There is no image "${unknown}" to hold out.`,
        remedy: `Images: ${[...byId.keys()].slice(0, 8).join(', ')}.`,
      })
    }
    const isHeld = ({ id }: TrainImage) => held.includes(id)
    return { images: all.filter(image => !isHeld(image)), held: all.filter(isHeld) }
  }
  const parts = holdOut(all.length, held, seed)
  return { images: parts.train.map(i => all[i]), held: parts.held.map(i => all[i]) }
}

/** LR sides that a model takes. */
type Sides = Pick<ModelManifest, 'id' | 'scale' | 'multiple' | 'minimum'>

/**
 * Side of the middle part of each held-out LR that is looked at: what all of them have and the model takes, about 64 at
 * most.
 *
 * @param downscale image pixels per latent pixel of a diffusion model, of which SR is a whole number
 * @throws MirageError `images-too-small`
 */
export function heldCropOf(held: readonly TrainImage[], sides: Sides, downscale = 1): number {
  const { scale, multiple, minimum } = sides
  const shortest = Math.min(...held.flatMap(image => Object.values(lrSizeOf(image, scale))))
  let unit = multiple
  while ((unit * scale) % downscale !== 0) unit += multiple
  const most = Math.max(64, Math.ceil(minimum / unit) * unit)
  const side = Math.floor(Math.min(shortest, most) / unit) * unit
  if (side > 0 && side >= minimum) return side
  throw new MirageError({
    code: 'images-too-small',
    message: `The shortest LR side of the held-out images is ${shortest} px, and ${takes(sides)}.`,
    remedy: 'Hold out larger images (`held`).',
  })
}

/**
 * Training crops are given to the network as they are, without the padding of `infer`.
 *
 * @throws MirageError `crop-unfit`
 */
export function checkCrop(crop: number, sides: Sides): void {
  const { multiple, minimum } = sides
  if (crop % multiple === 0 && crop >= minimum) return
  const near = Math.max(1, Math.round(crop / multiple), Math.ceil(minimum / multiple)) * multiple
  throw new MirageError({
    code: 'crop-unfit',
    message: `\`crop: ${crop}\` does not fit: ${takes(sides)}.`,
    remedy: `Use crop: ${near}.`,
  })
}

const takes = ({ id, multiple, minimum }: Sides): string =>
  `${id} takes LR sides of at least ${minimum} px${multiple > 1 ? ` that are a multiple of ${multiple}` : ''}`

const lrSizeOf = (image: TrainImage, scale: number) => {
  const { width, height } = lrSize(image, scale)
  return { width, height }
}
