import { MirageError } from '../../errors.ts'
import type { ImageRef } from '../../protocol/mime.ts'

export interface SizedTriplet {
  id: string
  lr?: ImageRef
  gt?: ImageRef
  sr: Record<string, ImageRef>
}

/**
 * The scale of a list of triplets, after checking that every image fits it: GT and SR have the size of LR times the scale,
 * and SR the size of GT. Without `asked` it is taken from the first triplet that has an LR and something larger.
 *
 * @returns undefined where no triplet has both an LR and another image, and none was asked for
 * @throws MirageError `size-mismatch`, `scale-unclear`
 */
export function checkSizes(triplets: SizedTriplet[], asked?: number): number | undefined {
  const scale = asked ?? inferScale(triplets)
  const misfits = triplets.flatMap(triplet => misfitsOf(triplet, scale))
  if (misfits.length === 0) return scale
  const more = misfits.length > 1 ? ` ${misfits.length - 1} more images do not fit either.` : ''
  throw new MirageError({
    code: 'size-mismatch',
    message: misfits[0] + more,
    remedy:
      asked === undefined
        ? 'Give the right `scale`, or crop the files so that they fit.'
        : 'Correct `scale`, or crop the files so that they fit.',
  })
}

function inferScale(triplets: SizedTriplet[]): number | undefined {
  for (const { lr, gt, sr } of triplets) {
    const large = gt ?? Object.values(sr)[0]
    if (!lr || !large) continue
    const scale = large.width / lr.width
    if (Number.isInteger(scale)) return scale
    throw new MirageError({
      code: 'scale-unclear',
      message: `${nameOf(large)} is ${size(large)} and its LR ${nameOf(lr)} is ${size(lr)}: that is no whole scale.`,
      remedy: 'Give `scale`, or crop the files so that they fit.',
    })
  }
  return undefined
}

function misfitsOf({ lr, gt, sr }: SizedTriplet, scale: number | undefined): string[] {
  const expected =
    lr && scale !== undefined
      ? {
          width: Math.round(lr.width * scale),
          height: Math.round(lr.height * scale),
          why: `LR ${nameOf(lr)} is ${size(lr)} and the scale is ${scale}`,
        }
      : gt && { width: gt.width, height: gt.height, why: `GT ${nameOf(gt)} is ${size(gt)}` }
  if (!expected) return []
  return [gt, ...Object.values(sr)].flatMap(image =>
    image && (image.width !== expected.width || image.height !== expected.height)
      ? [`${nameOf(image)} is ${size(image)}, but ${expected.why}, so it should be ${size(expected)}.`]
      : [],
  )
}

export function size({ width, height }: { width: number; height: number }): string {
  return `${width}x${height}`
}

function nameOf(image: ImageRef): string {
  return image.name ?? image.hash.slice(0, 12)
}
