import type { Usage } from '../answers/read.ts'

/** US dollars per million tokens. */
export interface Price {
  input: number
  output: number
}

export interface PriceRow extends Price {
  /** Matches the model's name, dated snapshots included. */
  model: RegExp
  /** How the provider counts the tokens of an image (`tokens.ts`). */
  image: ImageCount
}

/** Tokens of an image: a fixed part and a part per 512-pixel tile, or a factor per 32-pixel patch. */
export type ImageCount = { base: number; tile: number } | { patch: number }

/**
 * List prices of OpenAI's standard tier, from https://developers.openai.com/api/docs/pricing as reported in 2026; image
 * counts from https://developers.openai.com/api/docs/guides/images-vision. Prices change: a cell's own `price` comes
 * first, and the bill is the provider's.
 */
export const PRICES: readonly PriceRow[] = [
  { model: /^gpt-4o-mini(-\d|$)/, input: 0.15, output: 0.6, image: { base: 2833, tile: 5667 } },
  { model: /^gpt-4o(-\d|$)/, input: 2.5, output: 10, image: { base: 85, tile: 170 } },
  { model: /^gpt-4\.1-nano(-\d|$)/, input: 0.1, output: 0.4, image: { patch: 2.46 } },
  { model: /^gpt-4\.1-mini(-\d|$)/, input: 0.4, output: 1.6, image: { patch: 1.62 } },
  { model: /^gpt-4\.1(-\d|$)/, input: 2, output: 8, image: { base: 85, tile: 170 } },
  { model: /^gpt-5-mini(-\d|$)/, input: 0.25, output: 2, image: { patch: 1.62 } },
  { model: /^gpt-5(-\d|$)/, input: 1.25, output: 10, image: { base: 70, tile: 140 } },
]

/** The provider's Batch API costs half. */
export const BATCH_FACTOR = 0.5

export const priceRow = (model: string): PriceRow | undefined => PRICES.find(row => row.model.test(model))

/**
 * The price of a model: the cell's, nothing for a server on this machine, the list price on OpenAI's own host, otherwise
 * unknown.
 */
export function priceOf(
  model: string,
  { given, loopback, host }: { given?: Price; loopback: boolean; host: string },
): Price | undefined {
  if (given) return given
  if (loopback) return { input: 0, output: 0 }
  return host === 'api.openai.com' ? priceRow(model) : undefined
}

export function costOf(usage: Usage, price: Price, factor = 1): number {
  return ((usage.input * price.input + usage.output * price.output) / 1e6) * factor
}
