import type { ImageRequest } from '../compute/jobs/judge-images.ts'
import type { ImageRef } from '../protocol/mime.ts'
import { hashOf } from '../store/canonical.ts'
import type { Row } from '../value.ts'
import type { PromptHeader, ShownImage } from './prompts/header.ts'

/** An image of a question before it is prepared: what it is called, and how it is made. */
export interface PlannedImage {
  label: string
  show: ShownImage['show']
  request: ImageRequest
  /** Hash of the request: names the prepared image. */
  key: string
}

/** Records of prepared images, by the request's hash. */
export const IMAGE_SPACE = 'judge-image'

/** Raised whenever the same request would give other bytes. */
const PREPARATION_VERSION = 1

/** Names a prepared image; equal requests give equal images. */
const preparationKey = (request: ImageRequest): string => hashOf({ version: PREPARATION_VERSION, ...request })

const LABELS: Record<ShownImage['show'], string> = {
  gt: 'The reference (ground truth)',
  lr: 'The low-resolution input, enlarged to the same size',
  sr: 'The super-resolved image',
  rival: 'Another super-resolved image',
  difference: 'Absolute difference between the super-resolved image and the reference, times 4',
}

const NAMES: Record<ShownImage['show'], string> = {
  gt: 'ground truth (GT)',
  lr: 'low-resolution input (LR)',
  sr: 'super-resolved image (SR)',
  rival: 'second super-resolved image',
  difference: 'ground truth (GT)',
}

/** Where the images of one question come from. `rival` is the other SR image of a pairwise question. */
export type ImageSources = Pick<Row, 'images'> & { rival?: ImageRef }

const sourcesOf = ({ images: { lr, gt, sr }, rival }: ImageSources) =>
  ({ lr, gt, sr, rival, difference: sr && gt && sr }) satisfies Record<ShownImage['show'], unknown>

/** Why a question cannot be asked; undefined where it has all images. */
export function lackOf(
  from: ImageSources,
  shown: readonly ShownImage[],
  header: PromptHeader,
): string | undefined {
  const sources = sourcesOf(from)
  const lacking = shown.find(image => !sources[image.show])
  return lacking && `no ${NAMES[lacking.show]}, which the prompt shows (mode ${header.mode})`
}

/** The images of a question that lacks none. */
export function planImages(
  from: ImageSources,
  shown: readonly ShownImage[],
  header: PromptHeader,
): PlannedImage[] {
  const sources = sourcesOf(from)
  const { sr, gt } = from.images
  return shown.map(image => {
    const request = requestFor(image, sources[image.show]!, header, sr!, gt)
    return { label: labelOf(image), show: image.show, request, key: preparationKey(request) }
  })
}

export function labelOf({ label, show, crop, zoom }: ShownImage): string {
  if (label !== undefined) return label
  if (!crop && zoom === 1) return LABELS[show]
  const part = crop
    ? `the part ${crop.map(edge => `${Math.round(edge * 100)}%`).join(', ')} (left, top, right, bottom)`
    : 'all'
  return `${LABELS[show]}: ${part}, enlarged ${zoom} times`
}

function requestFor(
  image: ShownImage,
  source: ImageRef,
  header: PromptHeader,
  sr: ImageRef,
  gt: ImageRef | undefined,
): ImageRequest {
  const smaller = source.width < sr.width || source.height < sr.height
  return {
    source: source.hash,
    format: header.format,
    ...(header.format !== 'png' && { quality: header.quality }),
    ...(image.show === 'difference' && gt && { minus: gt.hash }),
    ...(smaller && image.resize !== 'none' && { enlarge: { to: [sr.width, sr.height], by: image.resize } }),
    ...(image.crop && { crop: image.crop }),
    ...(image.zoom !== 1 && { zoom: image.zoom }),
    ...(header.longest && { longest: header.longest }),
  }
}
