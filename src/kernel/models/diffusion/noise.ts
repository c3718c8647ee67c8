import { createRng } from '../../stats/resampling/rng.ts'

/** A stream of standard normal draws, the same on every machine for the same seed (Box and Muller, 1958). */
export function normalStream(seed: number): () => number {
  const { uniform } = createRng(seed)
  let spare: number | undefined
  return () => {
    if (spare !== undefined) {
      const draw = spare
      spare = undefined
      return draw
    }
    // 1 - u, so that the logarithm never sees 0.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}
