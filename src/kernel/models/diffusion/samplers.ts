/** One element of a latent at one step: from alpha bar `a` to the less noisy `to` (1 at the end). */
export interface SamplerInput {
  x: number
  clean: number
  noise: number
  a: number
  to: number
  /** A standard normal draw; 0 for samplers that use none. */
  draw: number
}

export interface Sampler {
  /** True where the steps draw noise. */
  stochastic: boolean
  source: string
  step(input: SamplerInput): number
}

/** How a latent is brought from one noise level to the next. All work on variance-preserving latents. */
export const SAMPLERS = {
  ddim: {
    stochastic: false,
    source: 'J. Song et al., "Denoising diffusion implicit models", ICLR 2021, eta = 0',
    step: ({ clean, noise, to }) => Math.sqrt(to) * clean + Math.sqrt(1 - to) * noise,
  },
  ddpm: {
    stochastic: true,
    source: 'J. Ho et al., "Denoising diffusion probabilistic models", NeurIPS 2020, posterior of equation 7',
    step: ({ x, clean, a, to, draw }) => {
      const alpha = a / to
      const beta = 1 - alpha
      const mean = ((Math.sqrt(to) * beta) / (1 - a)) * clean + ((Math.sqrt(alpha) * (1 - to)) / (1 - a)) * x
      return mean + Math.sqrt((beta * (1 - to)) / (1 - a)) * draw
    },
  },
  euler: {
    stochastic: false,
    source:
      'T. Karras et al., "Elucidating the design space of diffusion-based generative models", NeurIPS 2022',
    step: ({ x, clean, a, to }) => {
      // In the variance-exploding coordinates y = x / sqrt(a), with sigma = sqrt((1 - a) / a).
      const [y, sigma, next] = [x / Math.sqrt(a), Math.sqrt((1 - a) / a), Math.sqrt((1 - to) / to)]
      const slope = (y - clean) / sigma
      return (y + slope * (next - sigma)) * Math.sqrt(to)
    },
  },
} as const satisfies Record<string, Sampler>
export type SamplerName = keyof typeof SAMPLERS
