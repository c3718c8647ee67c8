import * as z from 'zod'

/** How the learning rate runs over a training, as a share of its full value. */
export const scheduleSettings = z.strictObject({
  shape: z
    .enum(['constant', 'linear', 'cosine'])
    .default('cosine')
    .meta({ description: 'Course of the rate after warm-up.' }),
  warmup: z.int().min(0).default(0).meta({ description: 'Updates over which the rate rises from zero.' }),
  end: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta({ description: 'Share of the rate that is left at the last update.' }),
})
export type Schedule = z.output<typeof scheduleSettings>

const SHAPES: Record<Schedule['shape'], (progress: number) => number> = {
  constant: () => 1,
  linear: progress => 1 - progress,
  /** Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, without restarts. */
  cosine: progress => (1 + Math.cos(Math.PI * progress)) / 2,
}

/** Share of the learning rate at an update (from 1) of `total`. */
export function rateAt(update: number, total: number, { shape, warmup, end }: Schedule): number {
  if (update <= warmup) return update / (warmup + 1)
  const progress = (update - 1 - warmup) / Math.max(1, total - 1 - warmup)
  const share = SHAPES[shape](Math.min(1, progress))
  return shape === 'constant' ? 1 : end + (1 - end) * share
}
