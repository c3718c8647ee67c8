import * as z from 'zod'
import { modelEntry } from '../../models/entries.ts'
import { PROVIDER_NAMES } from '../../models/providers.ts'
import { completes, defines, reads } from '../../schema.ts'

const one = z.union([z.string().min(1), modelEntry])

export const params = z.strictObject({
  of: reads('table', 'Table whose LR images are enlarged.'),
  model: completes(
    'model',
    z.union([one, z.array(one).min(1)]),
    'One model or several: catalog ids, names of tuned models, ONNX files, or { file: ... }, { command: ... }, { endpoint: ... }.',
  ),
  provider: completes(
    'provider',
    z.string().default('auto'),
    `What runs the networks: auto (the fastest that works here), ${PROVIDER_NAMES.join(', ')}.`,
  ),
  tile: z.int().min(16).optional().meta({
    description:
      "Side of a tile in LR pixels; images of no more than its area run whole. By default the model's own, or what fits into `memory`.",
  }),
  memory: z.number().positive().optional().meta({
    description:
      'Memory for one tile in GB, from which its side is chosen; what a model takes is measured once and remembered.',
  }),
  overlap: z.int().min(0).optional().meta({
    description: "LR pixels that neighbouring tiles share. By default the model's own.",
  }),
  seeds: z.array(z.int().min(0)).min(1).optional().meta({
    description: 'Seeds for models with noise: one SR image for each.',
  }),
  as: defines().optional(),
})
export type Params = z.output<typeof params>
