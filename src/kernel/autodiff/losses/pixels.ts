import * as z from 'zod'
import * as o from '../ops.ts'
import { bicubic, coarse, luma, separable, sharpness, windows } from './filters.ts'
import { defineLoss } from './types.ts'

const none = z.strictObject({})

export const l1 = defineLoss({
  name: 'l1',
  summary: 'Mean absolute difference to GT.',
  settings: none,
  needs: () => ['gt'],
  source: 'Zhao et al., "Loss Functions for Image Restoration with Neural Networks", 2017',
  build: ({ image }) => o.meanOf(o.abs(o.sub(image('sr'), image('gt')))),
})

export const mse = defineLoss({
  name: 'mse',
  summary: 'Mean squared difference to GT.',
  settings: none,
  needs: () => ['gt'],
  source: 'Mean squared error',
  build: ({ image }) => o.meanOf(o.square(o.sub(image('sr'), image('gt')))),
})

export const charbonnier = defineLoss({
  name: 'charbonnier',
  summary: 'Mean absolute difference to GT, smooth at zero.',
  settings: z.strictObject({
    epsilon: z
      .number()
      .positive()
      .default(1e-3)
      .meta({ description: 'Differences well below this count as squares.' }),
  }),
  needs: () => ['gt'],
  source: 'Lai et al., "Deep Laplacian Pyramid Networks for Fast and Accurate Super-Resolution", 2017',
  build({ image }, { epsilon }) {
    const squares = o.square(o.sub(image('sr'), image('gt')))
    return o.sub(o.meanOf(o.sqrt(o.add(squares, epsilon ** 2))), epsilon)
  },
})

const C1 = (0.01 * 255) ** 2
const C2 = (0.03 * 255) ** 2

export const ssim = defineLoss({
  name: 'ssim',
  summary: '1 - structural similarity to GT, on luma.',
  settings: none,
  needs: () => ['gt'],
  source:
    'Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity", 2004',
  build({ image }) {
    const local = windows(11, 1.5)
    const [a, b] = [luma(image('sr')), luma(image('gt'))]
    const [meanA, meanB] = [separable(a, local), separable(b, local)]
    const product = o.mul(meanA, meanB)
    const squares = o.add(o.square(meanA), o.square(meanB))
    const covariance = o.sub(separable(o.mul(a, b), local), product)
    const variances = o.sub(separable(o.add(o.square(a), o.square(b)), local), squares)
    const luminance = o.div(o.add(o.mul(product, 2), C1), o.add(squares, C1))
    const structure = o.div(o.add(o.mul(covariance, 2), C2), o.add(variances, C2))
    return o.sub(1, o.meanOf(o.mul(luminance, structure)))
  },
})

export const lrConsistency = defineLoss({
  name: 'lr-consistency',
  summary: 'Mean absolute difference of LR and of SR reduced to its size.',
  settings: none,
  needs: () => ['lr'],
  source:
    'Consistency with LR as in Lugmayr et al., "NTIRE 2021 Learning the Super-Resolution Space Challenge"',
  build({ image, scale }) {
    const reduced = separable(
      image('sr'),
      bicubic(size => size / scale),
    )
    return o.meanOf(o.abs(o.sub(reduced, image('lr'))))
  },
})

export const lowFrequency = defineLoss({
  name: 'low-frequency',
  summary: 'Mean absolute difference to GT of what wavelets leave after their detail is taken off.',
  settings: z.strictObject({
    levels: z
      .int()
      .min(1)
      .max(8)
      .default(5)
      .meta({ description: 'Rounds of the wavelet; each doubles the reach.' }),
  }),
  needs: () => ['gt'],
  source:
    'The low-frequency term of RFSR (arXiv 2412.03268); wavelet as in StableSR (https://github.com/IceClear/StableSR)',
  build({ image }, { levels }) {
    const difference = o.sub(image('sr'), image('gt'))
    return o.meanOf(o.abs(separable(difference, coarse(levels))))
  },
})

export const sharpnessChange = defineLoss({
  name: 'sharpness-change',
  summary:
    'How far the sharpness of SR is from what it was before training (or from that of GT), as a share of it.',
  settings: z.strictObject({
    to: z
      .enum(['before', 'gt'])
      .default('before')
      .meta({ description: 'Compare with SR before training, or with GT.' }),
  }),
  needs: ({ to }) => [to],
  source: 'Defined by Mirage: relative difference of the mean absolute Laplacian of BT.601 Y, by image',
  build({ image }, { to }) {
    const [own, wanted] = [sharpness(image('sr')), sharpness(image(to))]
    return o.meanOf(o.abs(o.div(o.sub(own, wanted), o.add(wanted, FLAT))))
  },
})

/** Sharpness (levels of 255) below which an image is flat. */
const FLAT = 1e-3
