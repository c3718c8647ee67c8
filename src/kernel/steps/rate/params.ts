import * as z from 'zod'
import { reads } from '../../schema.ts'

/** The rubric of the shipped prompt `hs`, in words for people. */
const LABELS: [string, ...string[]] = [
  'The main content changed',
  'Objects, text or parts altered, or several clear inventions',
  'Noticeable local inventions, meaning intact',
  'Trivial differences of texture only',
  'Nothing invented or altered',
]

export const params = z.strictObject({
  of: reads('table', 'Table whose SR images are rated.'),
  to: z
    .string()
    .regex(/\.csv$/i, 'must end with .csv')
    .meta({ description: 'CSV file that the answers go to, a row per rater and pair; `ratings` reads it.' }),
  against: z.enum(['gt', 'lr', 'gt+lr']).default('gt').meta({
    description: 'What a result is shown beside: GT, LR enlarged by the viewer, or both.',
  }),
  methods: z.array(z.string()).min(1).optional().meta({ description: 'Methods to rate; all by default.' }),
  traps: z.int().min(0).max(100).default(2).meta({
    description:
      'Hidden pairs of each kind with a known answer, to find raters who do not look: GT beside itself, and GT beside another image.',
  }),
  question: z
    .string()
    .min(1)
    .default('How much does the result show that is not in the original?')
    .meta({ description: 'Asked above every pair.' }),
  labels: z
    .array(z.string().min(1))
    .length(5)
    .default(LABELS)
    .meta({ description: 'What 1, 2, 3, 4 and 5 mean.' }),
  best: z
    .union([z.literal(1), z.literal(5)])
    .default(5)
    .meta({ description: 'The rating of a perfect copy: 5 as for HS, 1 as for VHA-bench.' }),
})

export type RateParams = z.output<typeof params>
