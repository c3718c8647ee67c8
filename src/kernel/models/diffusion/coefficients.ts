import { alphaBars } from './noise-schedule.ts'
import { PREDICTIONS } from './predictions.ts'
import { type SamplingSettings, timestepsOf } from './sample.ts'
import { SAMPLERS, type SamplerName } from './samplers.ts'

/** A step of a sampling as what it is for every sampler here: `latent * x + output * denoiser + draw * noise`. */
export interface LinearStep {
  timestep: number
  /** To the next noise level. */
  next: [latent: number, output: number, draw: number]
  /** To the clean latent that is predicted here. */
  clean: [latent: number, output: number, draw: number]
  /** Share of signal and of noise in the latent that the step begins with. */
  level: { signal: number; noise: number }
}

/** The steps of a sampling, from noisy to clean. Their factors are read off the sampler and the prediction themselves. */
export function linearSteps(settings: SamplingSettings): LinearStep[] {
  const bars = alphaBars(settings.schedule)
  const timesteps = timestepsOf(settings)
  const predict = PREDICTIONS[settings.prediction]
  const sampler = SAMPLERS[settings.sampler as SamplerName]
  return timesteps.map((timestep, i) => {
    const a = bars[timestep]
    const to = i + 1 < timesteps.length ? bars[timesteps[i + 1]] : 1
    const noisy = sampler.stochastic && to < 1
    const step = (x: number, output: number, draw: number) =>
      sampler.step({ x, ...predict(x, output, a), a, to, draw: noisy ? draw : 0 })
    return {
      timestep,
      next: [step(1, 0, 0), step(0, 1, 0), step(0, 0, 1)],
      clean: [predict(1, 0, a).clean, predict(0, 1, a).clean, 0],
      level: { signal: Math.sqrt(a), noise: Math.sqrt(1 - a) },
    }
  })
}
