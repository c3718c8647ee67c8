import * as z from 'zod'
import * as o from '../ops.ts'
import { defineLoss } from './types.ts'

export const weightDistance = defineLoss({
  name: 'weight-distance',
  summary: 'Mean squared distance of the trained numbers to where they started.',
  settings: z.strictObject({}),
  needs: () => [],
  source:
    'L2-SP: Li, Grandvalet, Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", 2018',
  build: ({ theta, initial }) => o.meanOf(o.square(o.sub(theta, initial))),
})
