import * as z from 'zod'
import { ADAPTERS, type AdapterDefinition } from '../../autodiff/adapters/index.ts'
import { LOSSES } from '../../autodiff/losses/index.ts'
import { OPTIMISERS, type OptimiserDefinition, scheduleSettings } from '../../autodiff/optimisers/index.ts'
import { type SamplingStrategy, STRATEGIES } from '../../autodiff/sampling/strategies.ts'
import { nearest } from '../../errors.ts'
import { METRICS } from '../../metrics/registry.ts'
import { fileEntry } from '../../models/entries.ts'
import { PROVIDER_NAMES } from '../../models/providers.ts'
import { completes, defines, reads } from '../../schema.ts'
import { degradationSettings } from '../../train/degradation.ts'
import { SHARPNESS } from '../../train/settings.ts'

/** Names that a term can have: losses, and the feature networks that metrics know. */
export const termNames = (): string[] => [
  ...Object.keys(LOSSES),
  ...METRICS.filter(metric => metric.network).map(({ name }) => name),
]

const termEntry = z.looseObject({
  weight: z.number().min(0).default(1).meta({ description: 'How much the term counts.' }),
  during: z
    .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
    .default([0, 1])
    .meta({ description: 'Share of the training, from and to, in which it counts.' }),
  loss: z
    .string()
    .optional()
    .meta({ description: 'What the term is, where it is logged under another name.' }),
  proxy: reads(
    'proxy',
    'For the term `proxy`: an estimate that a `calibrate` cell made, of columns with default settings.',
  ).optional(),
})

/** Checks the names of terms, whatever their settings; those are checked when the term is resolved. */
const known = (terms: Record<string, unknown>, context: z.RefinementCtx) => {
  for (const [name, entry] of Object.entries(terms)) {
    const loss = (entry as { loss?: string } | null)?.loss ?? name
    const names = termNames()
    if (names.includes(loss)) continue
    const near = nearest(loss, names)
    context.addIssue({
      code: 'custom',
      path: [name],
      message: `there is no term "${loss}"${near ? `; did you mean "${near}"?` : ''} Terms: ${names.join(', ')}`,
    })
  }
}

const termMap = z.record(z.string(), z.union([z.number().min(0), termEntry])).superRefine(known)

/** `{ lora: { rank: 8 } }` or just the word. */
function choice(rows: Record<string, AdapterDefinition | OptimiserDefinition | SamplingStrategy>) {
  const names = Object.keys(rows) as [string, ...string[]]
  const settings = names.map(name => z.strictObject({ [name]: rows[name].settings }))
  return z.union([z.enum(names), ...settings])
}

/** Name and settings of a choice. */
export function chosen(value: string | Record<string, unknown>): { name: string; settings: unknown } {
  if (typeof value === 'string') return { name: value, settings: {} }
  const [[name, settings]] = Object.entries(value)
  return { name, settings: settings ?? {} }
}

export const params = z.strictObject({
  model: completes(
    'model',
    z.union([z.string().min(1), fileEntry]),
    'Network that is tuned: a catalog id, a tuned model, an ONNX file, or the .json of a diffusion model, whose denoiser is tuned.',
  ),
  on: reads('table', 'Table with GT images (and LR, where there are any) to train on.'),
  reward: termMap.default({ inception: 1, l1: 0.1 }).meta({
    description: 'Terms of the objective and what they count. All are distances: less is better.',
  }),
  watch: termMap.default({ mobilenet: 0, 'lr-consistency': 0, 'detail-agreement': 0 }).meta({
    description:
      'Terms that are measured on held-out images but do not count; one should be a feature distance that is not in the reward.',
  }),
  adapter: choice(ADAPTERS)
    .default('lora')
    .meta({ description: `What is trained: ${Object.keys(ADAPTERS).join(', ')}.` }),
  sampling: choice(STRATEGIES)
    .default('draft-k')
    .meta({
      description: `How a diffusion model is trained through its sampling: ${Object.keys(STRATEGIES).join(', ')}.`,
    }),
  steps: z.int().min(1).default(200).meta({ description: 'Updates of the weights.' }),
  batch: z.int().min(1).max(64).default(4).meta({ description: 'Crops per step.' }),
  crop: z.int().min(8).max(512).default(32).meta({ description: 'Side of a crop, in pixels of LR.' }),
  rate: z.number().positive().default(1e-4).meta({ description: 'Learning rate at its highest.' }),
  schedule: scheduleSettings.prefault({}).meta({ description: 'How the rate runs over the training.' }),
  optimiser: choice(OPTIMISERS)
    .default('adamw')
    .meta({ description: `How weights are updated: ${Object.keys(OPTIMISERS).join(', ')}.` }),
  clip: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .meta({ description: 'Longest gradient (L2); null for no limit.' }),
  accumulate: z
    .int()
    .min(1)
    .default(1)
    .meta({ description: 'Steps whose gradients are averaged for one update.' }),
  ema: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .meta({ description: 'Decay of a running mean of the weights, which is then the result.' }),
  recompute: z.int().min(1).default(1).meta({
    description: 'Segments of the network whose activations are computed twice to save memory; 1 keeps all.',
  }),
  held: z
    .union([z.number().gt(0).lt(1), z.array(z.string()).min(1)])
    .default(0.25)
    .meta({ description: 'Images that are not trained on but judged by: a share, or ids.' }),
  every: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Updates between looks at the held-out images; a tenth of the steps by default.' }),
  guards: z
    .union([z.literal('off'), z.record(z.string(), z.number().positive())])
    .default({ [SHARPNESS]: 0.1, 'lr-consistency': 0.1 })
    .meta({
      description: 'Relative worsening of held-out values at which the training stops; off for none.',
    }),
  degradation: degradationSettings
    .default({ kind: 'bicubic' })
    .meta({ description: 'How an LR is made for images without one.' }),
  provider: completes(
    'provider',
    z.string().default('cpu'),
    `What runs the training: auto, ${PROVIDER_NAMES.join(', ')}.`,
  ),
  as: defines().optional(),
})
export type Params = z.output<typeof params>
