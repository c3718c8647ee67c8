/**
 * What a denoiser's output means, for a noisy latent x = sqrt(a) x0 + sqrt(1 - a) e, where a is the timestep's alpha bar.
 * Each row turns an output into the clean latent x0 and the noise e.
 */
export const PREDICTIONS = {
  /** The noise itself (DDPM, Stable Diffusion 1 and 2-base). */
  epsilon: (x: number, output: number, a: number) => ({
    clean: (x - Math.sqrt(1 - a) * output) / Math.sqrt(a),
    noise: output,
  }),
  /** Velocity (T. Salimans and J. Ho, "Progressive distillation", ICLR 2022; Stable Diffusion 2.1). */
  v: (x: number, output: number, a: number) => ({
    clean: Math.sqrt(a) * x - Math.sqrt(1 - a) * output,
    noise: Math.sqrt(a) * output + Math.sqrt(1 - a) * x,
  }),
  /** The clean latent. */
  sample: (x: number, output: number, a: number) => ({
    clean: output,
    noise: (x - Math.sqrt(a) * output) / Math.sqrt(1 - a),
  }),
  /** What to take away from the latent, whatever the timestep (PiSA-SR). */
  residual: (x: number, output: number, a: number) => {
    const clean = x - output
    return { clean, noise: (x - Math.sqrt(a) * clean) / Math.sqrt(1 - a) }
  },
} as const
export type Prediction = keyof typeof PREDICTIONS
