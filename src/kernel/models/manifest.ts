import { z } from 'zod'

/**
 * What a network is, where the literature draws the line: `gan` and the diffusion kinds invent detail, `regression`
 * and `interpolation` give the (conditional) mean and do not.
 */
export const MODEL_KINDS = [
  'gan',
  'regression',
  'interpolation',
  'one-step diffusion',
  'multi-step diffusion',
  'features',
] as const
export type ModelKind = (typeof MODEL_KINDS)[number]

/** Order of the tensor's dimensions: batch, channels, height, width or batch, height, width, channels. */
export const LAYOUTS = ['nchw', 'nhwc'] as const
/** What the channels hold. `y` is BT.601 luma alone; the colour difference is enlarged bicubically beside it. */
export const COLOURS = ['rgb', 'bgr', 'y'] as const
/** Values that black and white have in the tensor. */
export const RANGES = ['0..1', '0..255', '-1..1'] as const

const count = z.int().positive()

/**
 * How a network is fed and read, and what it is: the content of `<file>.onnx.json` and of the `mirage` entry in an ONNX
 * file's metadata.
 */
export const modelManifest = z.object({
  id: z.string().min(1),
  summary: z.string().default(''),
  kind: z.enum(MODEL_KINDS),
  /** SR to LR side ratio; 1 for a network that does not enlarge. */
  scale: count,
  layout: z.enum(LAYOUTS),
  colour: z.enum(COLOURS),
  range: z.enum(RANGES),
  /** LR sides are padded to a multiple of this. */
  multiple: count.default(1),
  /** Smallest LR side that the network takes. */
  minimum: count.default(1),
  /** LR pixels shared by neighbouring tiles; about the reach of the network. */
  overlap: z.int().nonnegative().default(32),
  /** Side of an LR tile where the step asks for none. */
  tile: count.default(256),
  /** Outputs of a `features` network, from fine to coarse. */
  taps: z.array(z.string()).default([]),
  licence: z.string().default(''),
  source: z.string().default(''),
})
export type ModelManifest = z.output<typeof modelManifest>

/** Key of the manifest (as JSON) in an ONNX file's `metadata_props`. */
export const METADATA_KEY = 'mirage'
