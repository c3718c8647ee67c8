import * as z from 'zod'

/**
 * What a network is, where the literature draws the line: `gan` and the diffusion kinds invent detail, `regression`
 * and `interpolation` give the (conditional) mean and do not. `features` networks measure; a file of the user's is
 * `unstated` until its manifest says more.
 */
export const MODEL_KINDS = [
  'gan',
  'regression',
  'interpolation',
  'one-step diffusion',
  'multi-step diffusion',
  'features',
  'unstated',
] as const
export type ModelKind = (typeof MODEL_KINDS)[number]

/** Order of the tensor's dimensions: batch, channels, height, width or batch, height, width, channels. */
export const LAYOUTS = ['nchw', 'nhwc'] as const
/** What the channels hold. `y` is BT.601 luma alone; the colour difference is enlarged bicubically beside it. */
export const COLOURS = ['rgb', 'bgr', 'y'] as const
/** Values that black and white have in the tensor. */
export const RANGES = ['0..1', '0..255', '-1..1'] as const

const count = z.int().positive()

const fields = z.object({
  id: z.string().min(1),
  summary: z.string(),
  kind: z.enum(MODEL_KINDS),
  /** SR to LR side ratio; 1 for a network that does not enlarge. */
  scale: count,
  layout: z.enum(LAYOUTS),
  colour: z.enum(COLOURS),
  range: z.enum(RANGES),
  /** LR sides are padded to a multiple of this. */
  multiple: count,
  /** Smallest LR side that the network takes. */
  minimum: count,
  /** LR pixels shared by neighbouring tiles; about the reach of the network. */
  overlap: z.int().nonnegative(),
  /** Side of an LR tile where the step asks for none; without it, the memory that the network takes decides. */
  tile: count.optional(),
  /** Two seeds give two images. */
  noisy: z.boolean(),
  /** Outputs of a `features` network, from fine to coarse. */
  taps: z.array(z.string()),
  licence: z.string(),
  source: z.string(),
})

/** How a network is fed and read, and what it is: the `mirage` entry in an ONNX file's metadata. */
export const modelManifest = fields.extend({
  summary: fields.shape.summary.default(''),
  multiple: count.default(1),
  minimum: count.default(1),
  overlap: fields.shape.overlap.default(32),
  noisy: z.boolean().default(false),
  taps: fields.shape.taps.default([]),
  licence: fields.shape.licence.default(''),
  source: fields.shape.source.default(''),
})
export type ModelManifest = z.output<typeof modelManifest>

/** The content of `<file>.onnx.json`: any part of a manifest, and the checksum that the file must have. */
export const manifestFile = fields.partial().extend({ sha256: z.string().optional() })

/** Key of the manifest (as JSON) in an ONNX file's `metadata_props`. */
export const METADATA_KEY = 'mirage'
