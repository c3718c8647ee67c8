import type { Usage } from '../answers/read.ts'
import type { QuestionContent } from '../questions/request.ts'
import { type ImageCount, priceRow } from './prices.ts'

/** Tokens of an image whose model is not in the price table: 28-pixel patches, as in the Qwen2.5-VL report (arXiv 2502.13923). */
const UNKNOWN: ImageCount = { patch: (32 / 28) ** 2 }

/** Tokens of an answer before the first one is known. */
const TYPICAL_OUTPUT = 350

/**
 * Tokens of a question, before it is asked. An estimate: text is counted as one token per four characters.
 *
 * @param output mean output tokens of this model's answers so far
 */
export function estimateTokens(
  content: QuestionContent,
  model: string,
  detail: 'auto' | 'low' | 'high' | undefined,
  output = TYPICAL_OUTPUT,
): Usage {
  const labels = content.images.map(image => image.label).join('')
  const characters = content.text.length + (content.system?.length ?? 0) + labels.length
  const count = priceRow(model)?.image ?? UNKNOWN
  const images = content.images.map(({ prepared }) =>
    imageTokens(prepared.width, prepared.height, count, detail === 'low'),
  )
  return { input: Math.ceil(characters / 4) + images.reduce((sum, tokens) => sum + tokens, 0), output }
}

/**
 * Tokens of one image. Tiles: reduced to fit 2048 x 2048, then to a shortest side of 768, then counted in tiles of 512.
 * Patches: of 32 pixels, at most 1536.
 */
export function imageTokens(width: number, height: number, count: ImageCount, low: boolean): number {
  if ('patch' in count) {
    return Math.ceil(Math.min(1536, Math.ceil(width / 32) * Math.ceil(height / 32)) * count.patch)
  }
  if (low) return count.base
  const fit = Math.min(1, 2048 / Math.max(width, height))
  const shrink = Math.min(1, 768 / (Math.min(width, height) * fit)) * fit
  const tiles = Math.ceil((width * shrink) / 512 - 1e-9) * Math.ceil((height * shrink) / 512 - 1e-9)
  return count.base + count.tile * tiles
}
