import * as z from 'zod'
import { completes, defines, reads } from '../../schema.ts'

const value = z.strictObject({
  as: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'is not a column name (letters, digits and _)')
    .optional()
    .meta({ description: 'Name of the new column; by default as in the file.' }),
  direction: z.enum(['higher', 'lower', 'none']).meta({
    description:
      'Which way is better. HS: higher (5 = nothing invented). VHA-bench: lower (5 = most hallucination). No default: the same digits mean opposite things.',
  }),
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'needs its lower end first')
    .optional()
    .meta({ description: 'Ends of the scale, such as [1, 5]; a rating outside is an error.' }),
  flip: z.boolean().default(false).meta({
    description: 'Turn the scale round (low + high - rating), so that its direction changes. Needs `range`.',
  }),
  level: z
    .enum(['nominal', 'ordinal', 'interval'])
    .default('interval')
    .meta({ description: "What differences between ratings mean, for Krippendorff's alpha." }),
  label: z.string().optional(),
  source: z.string().optional().meta({ description: 'Where the numbers come from: a paper, a data set.' }),
})

export const params = z
  .strictObject({
    of: reads('table', 'Table that the numbers are joined to.'),
    from: completes('file', z.string().min(1), 'CSV, TSV, JSONL or Parquet file, relative to the study.'),
    id: z.string().default('id').meta({ description: 'Column of the file with the image id or file name.' }),
    method: z
      .string()
      .default('method')
      .meta({ description: 'Column of the file with the method; not needed when the table has one method.' }),
    methods: z
      .record(z.string(), z.string())
      .default({})
      .meta({ description: 'Methods of the file that the table calls otherwise: { OSEDiff: osediff }.' }),
    rater: z
      .string()
      .optional()
      .meta({ description: 'Column of the file that says who rated, for agreement.' }),
    values: z
      .record(z.string().min(1), value)
      .refine(values => Object.keys(values).length > 0, 'needs a column')
      .meta({ description: 'Columns of numbers in the file, and what they mean.' }),
    as: defines().optional(),
  })
  .superRefine(({ values }, context) => {
    for (const [name, { flip, range }] of Object.entries(values))
      if (flip && !range)
        context.addIssue({
          code: 'custom',
          path: ['values', name, 'range'],
          message: 'is needed to flip the scale',
        })
  })

export type RatingsParams = z.output<typeof params>
export type RatedColumn = RatingsParams['values'][string]
