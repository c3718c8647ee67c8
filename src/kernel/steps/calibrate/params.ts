import * as z from 'zod'
import { completes, defines, reads } from '../../schema.ts'

const columns = (description: string) =>
  completes('column', z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]), description)

export const params = z.strictObject({
  of: reads('table', 'Table with the columns.'),
  x: columns('Columns to estimate from.'),
  y: completes('column', z.string().min(1), 'Column to estimate, such as `hs`.'),
  fit: z.enum(['linear', 'isotonic', 'logistic']).default('linear').meta({
    description: 'Curve from the weighted sum of x to the scale of y: a line, any rising steps, or an S.',
  }),
  ridge: z.number().min(0).default(1).meta({
    description: 'Weight decay on standardised columns, in rows; more for many columns that say the same.',
  }),
  folds: z
    .int()
    .min(2)
    .max(1000)
    .default(5)
    .meta({ description: 'Parts for cross-validation; all rows of an image are in the same part.' }),
  methods: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'Methods to learn from; all by default.' }),
  groups: z.record(z.string().min(1), z.array(z.string()).min(2)).default({}).meta({
    description: 'Methods to look at on their own, by group name: `{ generative: [osediff, x4plus] }`.',
  }),
  bootstrap: z
    .int()
    .min(0)
    .max(100_000)
    .default(1000)
    .meta({ description: 'Bootstrap draws of whole images for the intervals; 0 for none.' }),
  as: defines('Name of the estimate; `score` takes it as `judge: { proxy: NAME }`.'),
})

export type CalibrateParams = z.output<typeof params>
