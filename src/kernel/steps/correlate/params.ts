import * as z from 'zod'
import { completes, defines, reads } from '../../schema.ts'
import { VIEW_KINDS } from '../../stats/analysis/views.ts'

const columns = (description: string) =>
  completes('column', z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]), description)

export const params = z.strictObject({
  of: reads('table', 'Table with the columns.'),
  x: columns('Predictors: a column or a list; by default every other column of numbers.').optional(),
  y: columns('What they should predict, such as `hs`: a column or a list.'),
  view: z
    .union([z.enum(VIEW_KINDS), z.array(z.enum(VIEW_KINDS)).min(1)])
    .default([...VIEW_KINDS])
    .meta({
      description:
        'Rows as they are (pooled), methods on the same image only (within-image), one method at a time (by-method).',
    }),
  groups: z.record(z.string().min(1), z.array(z.string()).min(2)).default({}).meta({
    description: 'Methods to look at on their own, by group name: `{ generative: [osediff, x4plus] }`.',
  }),
  given: columns('Columns whose share is taken out of x and y first (partial correlation).').optional(),
  bootstrap: z
    .int()
    .min(0)
    .max(100_000)
    .default(1000)
    .meta({ description: 'Bootstrap draws of whole images for the intervals (BCa); 0 for none.' }),
  permutations: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(999)
    .meta({ description: 'Permutations for p; 0 for none.' }),
  level: z.number().gt(0.5).lt(1).default(0.95).meta({ description: 'Coverage of the intervals.' }),
  logistic: z
    .union([z.literal(4), z.literal(5)])
    .default(4)
    .meta({ description: 'Parameters of the logistic curve before the fitted PLCC.' }),
  as: defines('Name of the table of correlations, a row per pair of columns and view.').optional(),
})

export type CorrelateParams = z.output<typeof params>
