import * as z from 'zod'
import { completes, defines } from '../../schema.ts'

const files = (description: string) =>
  completes('file', z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]), description)

export const params = z
  .strictObject({
    lr: files('LR images: a glob, a folder or file names.').optional(),
    gt: files('GT images: a glob, a folder or file names.').optional(),
    sr: z
      .record(z.string().min(1), files('SR images of this method: a glob, a folder or file names.'))
      .optional()
      .meta({ description: 'Ready-made SR images, by name of the method.' }),
    manifest: completes(
      'file',
      z.string().min(1),
      'CSV or JSONL list of triplets with columns id, lr, gt, and method with sr, or sr.<method>; instead of `lr`, `gt` and `sr`.',
    ).optional(),
    scale: z
      .number()
      .positive()
      .optional()
      .meta({ description: 'LR to GT side ratio; taken from the files by default.' }),
    downscale: z
      .enum(['bicubic'])
      .optional()
      .meta({ description: 'Makes LR from GT: antialiased bicubic by `scale`, 8 bits per channel.' }),
    unmatched: z
      .enum(['error', 'skip'])
      .default('error')
      .meta({ description: 'What to do about images that lack an LR, a GT or an SR that others have.' }),
    limit: z
      .number()
      .int()
      .positive()
      .optional()
      .meta({ description: 'Takes the first images only, in order of their names.' }),
    as: defines().optional(),
  })
  .superRefine((value, context) => {
    const say = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const listed = value.lr ?? value.gt ?? value.sr
    if (value.manifest && listed) say('manifest', 'stands instead of lr, gt and sr')
    if (!value.manifest && !listed) say('lr', 'needs one of lr, gt, sr or manifest')
    if (value.downscale && value.lr) say('downscale', 'makes LR from GT, so lr must not be given')
    if (value.downscale && !value.gt && !value.manifest) say('downscale', 'needs gt')
    if (value.downscale && !Number.isInteger(value.scale)) say('downscale', 'needs a whole scale')
  })
export type TripletsParams = z.output<typeof params>
