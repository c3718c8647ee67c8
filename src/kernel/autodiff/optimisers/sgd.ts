import * as z from 'zod'
import * as o from '../ops.ts'
import { defineOptimiser, type Updated } from './types.ts'

export const sgd = defineOptimiser({
  name: 'sgd',
  summary: 'Gradient descent with momentum.',
  settings: z.strictObject({
    momentum: z
      .number()
      .min(0)
      .lt(1)
      .default(0.9)
      .meta({ description: 'Share of the last step that goes on.' }),
    nesterov: z.boolean().default(false).meta({ description: 'Look ahead by one step of momentum.' }),
    weightDecay: z
      .number()
      .min(0)
      .default(0)
      .meta({ description: 'Added to the gradient, times the weights.' }),
  }),
  source:
    'Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in the form of torch.optim.SGD',
  memory: ({ momentum }) => (momentum > 0 ? ['momentum'] : []),
  update({ theta, gradient, memory, rate }, { momentum, nesterov, weightDecay }): Updated {
    const pull = weightDecay > 0 ? o.add(gradient, o.mul(theta, weightDecay)) : gradient
    if (momentum === 0) return { theta: o.sub(theta, o.mul(pull, rate)), memory: {} }
    const velocity = o.add(o.mul(memory.momentum, momentum), pull)
    const step = nesterov ? o.add(pull, o.mul(velocity, momentum)) : velocity
    return { theta: o.sub(theta, o.mul(step, rate)), memory: { momentum: velocity } }
  },
})
