import * as z from 'zod'
import type { Rng } from '../../stats/resampling/rng.ts'

/** Which part of a sampling the gradient of the reward goes through. */
export interface Passage {
  /** Steps that are taken before, without a gradient. */
  free: number
  /** Steps that the gradient goes through. */
  through: number
  /** What the reward sees: the sample, or the clean latent that the last of these steps predicts. */
  sees: 'sample' | 'prediction'
  /**
   * How often the finished sample gets noise again, to the level where the last `through` steps begin, and the gradients
   * of that many endings are averaged; 0 for the one ending of the sampling itself.
   */
  renoised: number
}

/** How a model that samples in several steps is trained by a reward of what it ends with. */
export interface SamplingStrategy<Schema extends z.ZodType = z.ZodType> {
  name: string
  summary: string
  /** Defaults are the published ones. */
  settings: Schema
  /** Other settings that were published with it, for orientation. */
  published: string
  source: string
  /**
   * @param steps of the sampling
   * @param random what is drawn for each pass
   */
  passage(settings: z.output<Schema>, steps: number, random: Rng): Passage
}

function define<Schema extends z.ZodType>(row: SamplingStrategy<Schema>): SamplingStrategy<Schema> {
  return row
}

const DRAFT =
  'Clark et al., "Directly Fine-Tuning Diffusion Models on Differentiable Rewards", arXiv 2309.17400'
const DRAFT_SETTINGS =
  '50 DDIM steps, guidance 7.5, AdamW (0.9, 0.999) with weight decay 0.1; LoRA rank 8 at rate 4e-4 and batch 4 for 2,000 updates (as a re-implementation annotates them)'

const last = (steps: number, k: number, renoised = 0): Passage => {
  const through = Math.min(k, steps)
  return { free: steps - through, through, sees: 'sample', renoised }
}
const k = z
  .int()
  .min(1)
  .default(1)
  .meta({ description: 'Last steps of the sampling that are trained through.' })

const draft = define({
  name: 'draft',
  summary: 'Through the whole sampling; for a one-step model, directly.',
  settings: z.strictObject({}),
  published: DRAFT_SETTINGS,
  source: DRAFT,
  passage: (_, steps) => last(steps, steps),
})

const draftK = define({
  name: 'draft-k',
  summary: 'Through the last k steps.',
  settings: z.strictObject({ k }),
  published: DRAFT_SETTINGS,
  source: DRAFT,
  passage: ({ k }, steps) => last(steps, k),
})

const draftLv = define({
  name: 'draft-lv',
  summary:
    'Through the last step, averaged over samples that got noise again: less variance for one sampling.',
  settings: z.strictObject({
    n: z.int().min(1).default(2).meta({ description: 'How often each sample gets noise again.' }),
  }),
  published: DRAFT_SETTINGS,
  source: DRAFT,
  passage: ({ n }, steps) => last(steps, 1, n),
})

/** After so many draws that are no step, the nearest step is taken. */
const MOST_DRAWS = 1000

const alignprop = define({
  name: 'alignprop',
  summary: 'From a random step on, so that early steps are trained at times.',
  settings: z.strictObject({
    truncation: z
      .enum(['gaussian', 'uniform'])
      .default('gaussian')
      .meta({ description: 'How the first step that is trained is drawn.' }),
    mean: z
      .number()
      .min(0)
      .max(1)
      .default(0.84)
      .meta({ description: 'Of the Gaussian, as a share of the steps.' }),
    deviation: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .meta({ description: 'Standard deviation of the Gaussian, as a share of the steps.' }),
  }),
  published:
    '50 DDIM steps with eta 1, guidance 5, LoRA, Adam (0.9, 0.999) at rate 1e-3 with weight decay 1e-4, clip 1, batch 128; truncation int(N(42, 5)) of 50, drawn again until it is in 1..49',
  source:
    'Prabhudesai et al., "Aligning Text-to-Image Diffusion Models with Reward Backpropagation", arXiv 2310.03739, https://github.com/mihirp1998/AlignProp',
  passage({ truncation, mean, deviation }, steps, random) {
    if (steps === 1) return last(1, 1)
    const draw = () =>
      Math.trunc(
        truncation === 'uniform' ? random.uniform() * steps : steps * (mean + deviation * normal(random)),
      )
    let free = draw()
    // A Gaussian without deviation, or far outside, would never get there.
    for (let tries = 1; (free < 1 || free >= steps) && tries < MOST_DRAWS; tries++) free = draw()
    free = Math.min(steps - 1, Math.max(1, free))
    return { free, through: steps - free, sees: 'sample', renoised: 0 }
  },
})

const refl = define({
  name: 'refl',
  summary: 'Through one random step, whose prediction of the clean image is rewarded.',
  settings: z.strictObject({
    from: z
      .number()
      .min(0)
      .max(1)
      .default(0.75)
      .meta({ description: 'Earliest step, as a share of the steps.' }),
    to: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .meta({ description: 'End of the range, as a share of the steps.' }),
  }),
  published:
    '40 steps, of which one of 30..39 is trained; AdamW at a constant rate of 1e-5, batch 64, 100 updates, clip 1, a running mean of the weights. RFSR (arXiv 2412.03268) draws from all of 50 (from: 0) at rate 5e-6',
  source:
    'Xu et al., "ImageReward: Learning and Evaluating Human Preferences for Text-to-Image Generation", 2023, https://github.com/THUDM/ImageReward',
  passage({ from, to }, steps, random) {
    const low = Math.min(steps - 1, Math.floor(from * steps))
    const high = Math.min(steps, Math.max(low + 1, Math.ceil(to * steps)))
    return { free: low + random.below(high - low), through: 1, sees: 'prediction', renoised: 0 }
  },
})

/** One standard normal number (Box and Muller, 1958). */
const normal = ({ uniform }: Rng) =>
  Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

/** Strategies by the word in `sampling:`. */
export const STRATEGIES = {
  draft,
  'draft-k': draftK,
  'draft-lv': draftLv,
  alignprop,
  refl,
} as const satisfies Record<string, SamplingStrategy>
export type StrategyName = keyof typeof STRATEGIES

/** What a strategy draws for one pass. */
export function passageOf(
  { name, settings }: { name: StrategyName; settings: unknown },
  steps: number,
  random: Rng,
): Passage {
  const row: SamplingStrategy = STRATEGIES[name]
  return row.passage(row.settings.parse(settings ?? {}), steps, random)
}
