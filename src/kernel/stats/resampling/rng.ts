/** A stream of pseudo-random numbers that is the same on every machine for the same seed. */
export interface Rng {
  /** Uniform integer in [0, 2^32). */
  uint32(): number
  /** Uniform in [0, 1), 32 bits of it. */
  uniform(): number
  /** Uniform integer in [0, n) for n up to 2^31; some values are likelier than others by at most n / 2^32. */
  below(n: number): number
  /** Shuffles `array[from..to)` in place (Fisher and Yates). */
  shuffle(array: Int32Array, from?: number, to?: number): void
}

/**
 * xoshiro128** 1.1 by Blackman and Vigna ("Scrambled linear pseudorandom number generators", ACM TOMS 2021;
 * prng.di.unimi.it), its 128-bit state filled by SplitMix64 from the seed, as its authors recommend.
 */
export function createRng(seed: number): Rng {
  const next = splitMix64(BigInt(Math.trunc(seed)))
  const [low, high] = [next(), next()]
  return xoshiro128([low & MASK32, low >> 32n, high & MASK32, high >> 32n].map(Number))
}

const MASK32 = 0xffffffffn
const MASK64 = 0xffffffffffffffffn

/** SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed & MASK64
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK64
    let z = state
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK64
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK64
    return z ^ (z >> 31n)
  }
}

/** The generator from its four 32-bit words of state, which must not all be 0. */
export function xoshiro128(state: readonly number[]): Rng {
  // In a typed array, because captured variables that leave 31 bits cost an allocation each.
  const s = Uint32Array.from(state)
  const uint32 = () => {
    const product = Math.imul(s[1], 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = s[1] << 9
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= shifted
    s[3] = (s[3] << 11) | (s[3] >>> 21)
    return result
  }
  const below = (n: number) => Math.floor((uint32() / 4294967296) * n)
  return {
    uint32,
    uniform: () => uint32() / 4294967296,
    below,
    shuffle(array, from = 0, to = array.length) {
      for (let i = to - 1; i > from; i--) {
        const j = from + below(i - from + 1)
        const kept = array[i]
        array[i] = array[j]
        array[j] = kept
      }
    },
  }
}
