import * as z from 'zod'
import * as o from '../ops.ts'
import { defineOptimiser, type Update, type Updated } from './types.ts'

const moments = {
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .meta({ description: 'Decay of the running means of the gradient and of its square.' }),
  epsilon: z
    .number()
    .positive()
    .default(1e-8)
    .meta({ description: 'Keeps a vanishing gradient from dividing by zero.' }),
}

interface Moments {
  betas: [number, number]
  epsilon: number
}

/** The step of Adam before the learning rate, with both running means corrected for their start at zero. */
function direction({ gradient, memory, step }: Update, { betas: [b1, b2], epsilon }: Moments) {
  const mean = o.add(o.mul(memory.mean, b1), o.mul(gradient, 1 - b1))
  const square = o.add(o.mul(memory.square, b2), o.mul(o.square(gradient), 1 - b2))
  const corrected = o.div(mean, o.sub(1, o.pow(b1, step)))
  const spread = o.sqrt(o.div(square, o.sub(1, o.pow(b2, step))))
  return { step: o.div(corrected, o.add(spread, epsilon)), memory: { mean, square } }
}

const memory = () => ['mean', 'square']

export const adam = defineOptimiser({
  name: 'adam',
  summary: 'Steps of a size that the running mean and spread of the gradient decide.',
  settings: z.strictObject({
    ...moments,
    weightDecay: z
      .number()
      .min(0)
      .default(0)
      .meta({ description: 'Added to the gradient, times the weights.' }),
  }),
  source: 'Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015',
  memory,
  update(at, settings): Updated {
    const { weightDecay } = settings
    const gradient = weightDecay > 0 ? o.add(at.gradient, o.mul(at.theta, weightDecay)) : at.gradient
    const { step, memory } = direction({ ...at, gradient }, settings)
    return { theta: o.sub(at.theta, o.mul(step, at.rate)), memory }
  },
})

export const adamw = defineOptimiser({
  name: 'adamw',
  summary: 'Adam whose weight decay shrinks the weights directly.',
  settings: z.strictObject({
    ...moments,
    weightDecay: z
      .number()
      .min(0)
      .default(0.01)
      .meta({ description: 'Share of each weight taken off per step, times the rate.' }),
  }),
  source: 'Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019',
  memory,
  update(at, settings): Updated {
    const { step, memory } = direction(at, settings)
    const shrunk = o.mul(at.theta, o.sub(1, o.mul(at.rate, settings.weightDecay)))
    return { theta: o.sub(shrunk, o.mul(step, at.rate)), memory }
  },
})
