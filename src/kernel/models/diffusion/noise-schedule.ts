/** How noise was added in training (J. Ho et al., "Denoising diffusion probabilistic models", NeurIPS 2020). */
export interface NoiseSchedule {
  /** Number of training timesteps. */
  length: number
  betaStart: number
  betaEnd: number
  /** `scaled-linear` (Stable Diffusion) is linear in the square root of beta. */
  betas: 'linear' | 'scaled-linear'
}

/** Product of (1 - beta) up to and including each timestep: the signal's share of the variance. */
export function alphaBars({ length, betaStart, betaEnd, betas }: NoiseSchedule): Float64Array {
  const bars = new Float64Array(length)
  let product = 1
  for (let t = 0; t < length; t++) {
    const at = length > 1 ? t / (length - 1) : 0
    const beta =
      betas === 'linear'
        ? betaStart + at * (betaEnd - betaStart)
        : (Math.sqrt(betaStart) + at * (Math.sqrt(betaEnd) - Math.sqrt(betaStart))) ** 2
    product *= 1 - beta
    bars[t] = product
  }
  return bars
}

/**
 * Which `count` timesteps are visited, from noisy to clean (S. Lin et al., "Common diffusion noise schedules and sample
 * steps are flawed", WACV 2024, table 2). `leading` begins at a multiple of the stride plus 1, as Stable Diffusion does;
 * `trailing` begins at the last timestep; `linspace` takes both ends.
 */
export const SPACINGS = {
  leading: (length: number, count: number) => {
    const stride = Math.floor(length / count)
    return Array.from({ length: count }, (_, i) => Math.min(length - 1, (count - 1 - i) * stride + 1))
  },
  trailing: (length: number, count: number) =>
    Array.from({ length: count }, (_, i) => Math.round(length - (i * length) / count) - 1),
  linspace: (length: number, count: number) =>
    Array.from({ length: count }, (_, i) =>
      count === 1 ? length - 1 : Math.round(((count - 1 - i) * (length - 1)) / (count - 1)),
    ),
} as const
export type Spacing = keyof typeof SPACINGS
