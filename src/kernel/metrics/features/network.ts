import * as z from 'zod'
import type { ProviderName } from '../../models/providers.ts'
import type { MetricImage } from '../metric-image.ts'

const count = z.int().positive()
const rgb = z.tuple([z.number(), z.number(), z.number()])

/** One output of the network that is compared. */
export const tapSchema = z.strictObject({
  /** Name of the ONNX output; for `image`, any name. */
  output: z.string().min(1),
  /**
   * `nchw`: a feature map. `tokens`: batch x tokens x channels, of which `skip` come before the patches. `vector`: batch x
   * channels. `image`: no output, the image itself in 0..1.
   */
  layout: z.enum(['nchw', 'tokens', 'vector', 'image']),
  /** Class and register tokens before the patches. */
  skip: z.int().nonnegative().default(0),
  /** Which tokens are compared: every patch at its place, the mean of the patches, or the first token. */
  level: z.enum(['patches', 'mean', 'class']).default('patches'),
  /** Share in the distance. */
  weight: z.number().positive().default(1),
})
export type Tap = z.output<typeof tapSchema>

/**
 * How a network is fed and which of its outputs are compared, and how. With it any ONNX network becomes a metric.
 */
export const networkManifest = z.strictObject({
  /** What the network is called; never the name of another one. */
  name: z.string().min(1),
  source: z.string().default(''),
  input: z
    .strictObject({
      /** Name of the ONNX input, batch x 3 x height x width; the only one by default. */
      name: z.string().optional(),
      /** Side in pixels that images are resized to (antialiased bicubic); `native` keeps their size. */
      size: z.union([count, z.literal('native')]).default('native'),
      /** With `native`, sides are resized to the nearest multiple of this (the patch of a transformer). */
      multiple: count.default(1),
      /** Smallest side that the network takes. */
      minimum: count.default(1),
      /** Subtracted from R, G, B in 0..1, before division by `std`. */
      mean: rgb.default([0, 0, 0]),
      std: rgb.default([1, 1, 1]),
    })
    .prefault({}),
  /**
   * `cosine`: 1 - cosine of the channels at each place. `lpips`: squared difference of channels of unit length, weighted
   * per channel, at each place. `dists`: similarity of the means and of the structure of each channel over the image.
   */
  form: z.enum(['cosine', 'lpips', 'dists']),
  taps: z.array(tapSchema).min(1),
})
export type NetworkManifest = z.output<typeof networkManifest>

/** Learned weights of channels, by tap: one list for `lpips`, two (alpha, beta) for `dists`. */
export const channelWeights = z.record(
  z.string(),
  z.union([z.array(z.number()), z.strictObject({ alpha: z.array(z.number()), beta: z.array(z.number()) })]),
)
export type ChannelWeights = z.output<typeof channelWeights>

/** What the settings of a metric may change in a manifest. */
export interface NetworkAdjustment {
  size?: NetworkManifest['input']['size']
  level?: Tap['level']
}

/** What a metric asks for: a manifest, and where its weights are. */
export interface NetworkRequest {
  manifest: NetworkManifest | { path: string }
  /** Id of a network that comes with Mirage, or a file of the user's. */
  weights: { embedded: string } | { path: string }
  /** JSON file with `ChannelWeights`. */
  channelWeights?: { path: string }
  adjust?: NetworkAdjustment
}

/** A request with its files read and named by content; what a compute process is given. */
export interface ResolvedNetwork {
  manifest: NetworkManifest
  /** Absolute path of the ONNX file. */
  onnx: string
  /** sha256 of the ONNX file. */
  sha256: string
  /** What executes it. */
  provider: ProviderName
  channelWeights?: ChannelWeights
}

/** One tap of one image: `channels` values at each of `height` x `width` places, channel by channel (CHW). */
export interface Feature {
  channels: number
  height: number
  width: number
  data: Float32Array
}

/** A network that is ready to run. */
export interface FeatureSource {
  readonly manifest: NetworkManifest
  readonly channelWeights?: ChannelWeights
  /** Images that it takes at once; more at a time gain nothing. */
  readonly batch: number
  /** Makes the features of several images together, so that `features` has them ready. */
  prepare(images: readonly MetricImage[]): Promise<void>
  /** The taps of an image, in the order of the manifest. */
  features(image: MetricImage): Promise<Feature[]>
}
