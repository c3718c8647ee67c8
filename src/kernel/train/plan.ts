import { createRng, type Rng, splitMix64 } from '../stats/resampling/rng.ts'

/** One training sample: which image, which part of it in LR pixels, and how it is turned. */
export interface Sample {
  image: number
  x: number
  y: number
  /** One of the eight symmetries of a square: 1 mirrors, 2 turns upside down, 4 swaps rows and columns. */
  turn: number
}

/** Sizes of the LR images, in pixels. */
export type Sizes = readonly { width: number; height: number }[]

/**
 * The samples of one step. They follow from the seed and the number of the step alone, so that a training that was stopped
 * goes on as if it had not been. Every image comes up once before any comes up again.
 */
export function samplesOf(step: number, { seed, batch, crop }: Plan, sizes: Sizes): Sample[] {
  const rng = randomAt(seed, 'crop', step)
  return Array.from({ length: batch }, (_, i) => {
    const position = step * batch + i
    const epoch = Math.floor(position / sizes.length)
    const image = orderOf(epoch, seed, sizes.length)[position % sizes.length]
    const { width, height } = sizes[image]
    return { image, x: rng.below(width - crop + 1), y: rng.below(height - crop + 1), turn: rng.below(8) }
  })
}

export interface Plan {
  seed: number
  batch: number
  /** Side of the LR crop. */
  crop: number
}

function orderOf(epoch: number, seed: number, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  randomAt(seed, 'order', epoch).shuffle(order)
  return order
}

const STREAMS = { crop: 1, order: 2, degrade: 3, weights: 4, held: 5, sample: 6 }

/** A stream of random numbers of its own for each purpose and step. */
export function randomAt(seed: number, stream: keyof typeof STREAMS, index: number): Rng {
  const mixed = splitMix64((BigInt(seed) << 40n) ^ (BigInt(STREAMS[stream]) << 36n) ^ BigInt(index))()
  return createRng(Number(mixed >> 11n))
}

/**
 * Which images are held out of training, to judge it by: a share of them, drawn by the seed, one at least and never all.
 */
export function holdOut(count: number, share: number, seed: number): { train: number[]; held: number[] } {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  randomAt(seed, 'held', 0).shuffle(order)
  const size = Math.min(count - 1, Math.max(1, Math.round(count * share)))
  const sorted = (part: Int32Array) => [...part].sort((a, b) => a - b)
  return { held: sorted(order.slice(0, size)), train: sorted(order.slice(size)) }
}
