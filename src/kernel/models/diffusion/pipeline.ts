import * as z from 'zod'
import type { ModelFile } from '../run/session-pool.ts'
import { SPACINGS, type Spacing } from './noise-schedule.ts'
import { PREDICTIONS, type Prediction } from './predictions.ts'
import { SAMPLERS, type SamplerName } from './samplers.ts'

const names = <K extends string>(table: Record<K, unknown>) => Object.keys(table) as [K, ...K[]]

/** A prompt embedding: a file of little-endian 32-bit floats and its shape. */
const embedding = z.strictObject({ file: z.string(), dims: z.array(z.int().positive()).min(1) })

export const COLOUR_FIXES = ['adain', 'wavelet', 'none'] as const

/**
 * A latent diffusion model of super-resolution as exported from its official code: the content of a `*.json` file that
 * lies beside its ONNX graphs. Names and defaults follow Stable Diffusion and the `diffusers` exports.
 */
export const pipelineManifest = z.strictObject({
  kind: z.enum(['one-step diffusion', 'multi-step diffusion']),
  scale: z.int().positive(),
  summary: z.string().default(''),
  licence: z.string().default(''),
  source: z.string().default(''),
  /** Image in -1..1 [1, 3, h, w] to latent. */
  encoder: z.string(),
  /** Latent, timestep and prompt to the prediction, a latent. */
  denoiser: z.string(),
  /** Latent to image in -1..1. */
  decoder: z.string(),
  prompt: embedding.optional(),
  negativePrompt: embedding.optional(),
  inputs: z
    .strictObject({
      latent: z.string().default('sample'),
      timestep: z.string().default('timestep'),
      prompt: z.string().default('encoder_hidden_states'),
      /** Takes the LR latent, where the denoiser sees it besides the noisy one. */
      condition: z.string().optional(),
    })
    .prefault({}),
  /** The LR latent is appended to the noisy one, channel after channel. */
  concatenate: z.boolean().default(false),
  latent: z
    .strictObject({
      /** Latents are encoder outputs times this. */
      scaling: z.number().positive().default(0.18215),
      /** Image pixels per latent pixel. */
      downscale: z.int().positive().default(8),
      tile: z.int().positive().default(96),
      overlap: z.int().nonnegative().default(32),
    })
    .prefault({}),
  /** Side of image tiles for the encoder and, in image pixels, for the decoder. */
  imageTile: z.int().positive().default(1024),
  imageOverlap: z.int().nonnegative().default(128),
  schedule: z
    .strictObject({
      length: z.int().positive().default(1000),
      betaStart: z.number().positive().default(0.00085),
      betaEnd: z.number().positive().default(0.012),
      betas: z.enum(['linear', 'scaled-linear']).default('scaled-linear'),
    })
    .prefault({}),
  prediction: z.enum(names<Prediction>(PREDICTIONS)).default('epsilon'),
  sampler: z.enum(names<SamplerName>(SAMPLERS)).default('ddim'),
  /** Timesteps to visit, from noisy to clean; `steps` and `spacing` choose them where they are not listed. */
  timesteps: z.array(z.int().nonnegative()).min(1).optional(),
  steps: z.int().positive().default(1),
  spacing: z.enum(names<Spacing>(SPACINGS)).default('trailing'),
  /** The latent to begin with: the LR latent, the LR latent with noise of the first timestep, or noise alone. */
  start: z.enum(['lr', 'lr+noise', 'noise']).default('lr'),
  /** Classifier-free guidance: negative + guidance * (positive - negative); 1 is without. */
  guidance: z.number().default(1),
  colour: z.enum(COLOUR_FIXES).default('adain'),
  /** Smaller results are made at this side and reduced, because the networks know nothing smaller. */
  smallestSide: z.int().positive().default(512),
})
export type PipelineManifest = z.output<typeof pipelineManifest>

/** Settings of a pipeline that a step may change: those that make it more or less inventive. */
export const pipelineKnobs = z.strictObject({
  steps: z.int().positive().max(1000).optional().meta({ description: 'Steps of a diffusion model.' }),
  guidance: z.number().optional().meta({ description: 'Classifier-free guidance of a diffusion model.' }),
  colourFix: z.enum(COLOUR_FIXES).optional().meta({ description: 'How its colours are brought back to LR.' }),
})

export type PipelineKnobs = z.output<typeof pipelineKnobs>

/** A pipeline whose files were found. */
export interface Pipeline {
  manifest: PipelineManifest
  encoder: ModelFile
  denoiser: ModelFile
  decoder: ModelFile
  /** Absolute paths of the embeddings. */
  prompt?: string
  negativePrompt?: string
}
