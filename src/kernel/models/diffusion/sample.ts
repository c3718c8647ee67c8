import { alphaBars, SPACINGS } from './noise-schedule.ts'
import type { PipelineManifest } from './pipeline.ts'
import { PREDICTIONS } from './predictions.ts'
import { SAMPLERS } from './samplers.ts'
import { createVolume, type Volume } from './volume.ts'

/** The denoiser's output for a noisy latent at a timestep. */
export type Denoise = (latent: Volume, timestep: number) => Promise<Volume>

export type SamplingSettings = Pick<
  PipelineManifest,
  'schedule' | 'prediction' | 'sampler' | 'timesteps' | 'steps' | 'spacing' | 'start'
>

/** Timesteps that are visited, from noisy to clean. */
export function timestepsOf({ timesteps, steps, spacing, schedule }: SamplingSettings): number[] {
  return timesteps ?? SPACINGS[spacing](schedule.length, steps)
}

/** True where two seeds give two images. */
export function isStochastic({ sampler, start, ...rest }: SamplingSettings): boolean {
  return (
    start !== 'lr' || (SAMPLERS[sampler].stochastic && timestepsOf({ sampler, start, ...rest }).length > 1)
  )
}

/** Removes the noise from a latent step by step, beginning at what `start` says of the LR latent. */
export async function sampleLatent(
  lr: Volume,
  settings: SamplingSettings,
  denoise: Denoise,
  draw: () => number,
): Promise<Volume> {
  const bars = alphaBars(settings.schedule)
  const timesteps = timestepsOf(settings)
  const predict = PREDICTIONS[settings.prediction]
  const sampler = SAMPLERS[settings.sampler]
  let latent = startOf(lr, settings.start, bars[timesteps[0]], draw)
  for (const [i, t] of timesteps.entries()) {
    const output = await denoise(latent, t)
    const [a, to] = [bars[t], i + 1 < timesteps.length ? bars[timesteps[i + 1]] : 1]
    const noisy = sampler.stochastic && to < 1
    const next = createVolume(latent.channels, latent.height, latent.width)
    for (let k = 0; k < next.data.length; k++) {
      const x = latent.data[k]
      next.data[k] = sampler.step({ x, ...predict(x, output.data[k], a), a, to, draw: noisy ? draw() : 0 })
    }
    latent = next
  }
  return latent
}

function startOf(lr: Volume, start: SamplingSettings['start'], a: number, draw: () => number): Volume {
  if (start === 'lr') return lr
  const [signal, noise] = start === 'noise' ? [0, 1] : [Math.sqrt(a), Math.sqrt(1 - a)]
  return { ...lr, data: lr.data.map(value => signal * value + noise * draw()) }
}
