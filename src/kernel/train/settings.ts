import type { AdapterName } from '../autodiff/adapters/index.ts'
import type { Term } from '../autodiff/objective.ts'
import type { Schedule } from '../autodiff/optimisers/index.ts'
import type { StrategyName } from '../autodiff/sampling/strategies.ts'
import type { UpdateSpec } from '../autodiff/update.ts'
import type { ResolvedNetwork } from '../metrics/features/network.ts'
import type { Pipeline } from '../models/diffusion/pipeline.ts'
import type { ModelManifest } from '../models/manifest.ts'
import type { ProviderName } from '../models/providers.ts'
import type { ImageRef } from '../protocol/mime.ts'
import type { DegradationSettings } from './degradation.ts'

/** A term of the objective, and when and how much it counts. */
export interface WeightedTerm extends Term {
  /** 0 only looks: the term is measured on held-out images and logged. */
  weight: number
  /** Share of the training, from and to, in which it counts. */
  during: [number, number]
}

/** Images to train on or to hold out. Without an LR one is made from GT each time it is used. */
export interface TrainImage {
  id: string
  gt: ImageRef
  lr?: ImageRef
}

/** How a latent diffusion model is trained through its sampling; the model of the training is its denoiser. */
export interface SamplingSettings {
  strategy: { name: StrategyName; settings: unknown }
  pipeline: Pick<Pipeline, 'manifest' | 'encoder' | 'decoder' | 'prompt' | 'negativePrompt'>
}

/** A training as data: what a compute process is given, and what a checkpoint belongs to. */
export interface TrainSettings {
  model: { path: string; sha256: string; manifest: ModelManifest }
  sampling?: SamplingSettings
  adapter: { name: AdapterName; settings: unknown }
  terms: WeightedTerm[]
  /** Feature networks by the name that terms use. */
  networks: Record<string, ResolvedNetwork>
  images: TrainImage[]
  held: TrainImage[]
  degradation: DegradationSettings
  /** Updates. */
  steps: number
  batch: number
  /** Side of the LR crop, in pixels. */
  crop: number
  rate: number
  schedule: Schedule
  update: UpdateSpec
  /** Segments of the network whose activations are computed twice. */
  segments: number
  /** Side of the middle part of a held-out LR that is looked at, in pixels. */
  heldCrop: number
  /** Updates between two looks at the held-out images, which are also checkpoints. */
  every: number
  /** Largest relative worsening of a held-out value before the training stops, by name; empty turns guards off. */
  guards: Record<string, number>
  seed: number
  provider: ProviderName
}

/** The value that every evaluation has beside the terms: sharpness of SR over that of SR before training. */
export const SHARPNESS = 'sharpness'

/** The terms that a step computes; the others are only looked at on held-out images. */
export function countingTerms({ terms }: Pick<TrainSettings, 'terms'>): WeightedTerm[] {
  return terms.filter(({ weight }) => weight > 0)
}

/** What each counting term counts at an update (from 1). */
export function weightsAt(update: number, settings: Pick<TrainSettings, 'terms' | 'steps'>): Float32Array {
  const share = (update - 1) / Math.max(1, settings.steps)
  const counts = ({ weight, during: [from, to] }: WeightedTerm) => (share >= from && share < to ? weight : 0)
  return Float32Array.from(countingTerms(settings), counts)
}
