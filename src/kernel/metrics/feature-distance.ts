import * as z from 'zod'
import { createPlane, type Plane } from '../images/pixels.ts'
import { completes } from '../schema.ts'
import { type FeatureDistance, featureDistance } from './features/distances.ts'
import { inputSize } from './features/input.ts'
import type { FeatureSource, NetworkAdjustment } from './features/network.ts'
import { FEATURE_METRICS, type FeatureMetricRow } from './features/shipped.ts'
import {
  defineMetric,
  type Measurement,
  type MetricDefinition,
  type MetricImages,
  type Reference,
  tooSmall,
} from './metric.ts'

interface FeatureSettings extends NetworkAdjustment {
  reference: Reference
  weights: string
  channelWeights?: string
  manifest: string
}

const file = (description: string) => completes('file', z.string().min(1), description)
const shared = {
  reference: z
    .enum(['gt', 'lr'])
    .default('gt')
    .meta({ description: 'Distance of SR to GT, or to LR enlarged by bicubic (how much was added).' }),
  size: z
    .union([z.int().positive(), z.literal('native')])
    .optional()
    .meta({ description: "Side that images are resized to, or `native`; the network's own by default." }),
}
const level = z.enum(['patches', 'mean', 'class']).optional().meta({
  description: 'For transformers: compare patch by patch, the mean of the patches, or the class token.',
})
const weights = file('ONNX file of the network.')
const channelWeights = file('JSON file with the learned weights of the channels, by tap.')

/** A metric for each network that has a name, and `features` for any other. */
export const featureMetrics: readonly MetricDefinition[] = [
  ...FEATURE_METRICS.map(named),
  featureMetric({
    name: 'features',
    label: 'Feature distance',
    summary: 'Distance of the features of any ONNX network, described by a manifest.',
    range: [0, null],
    settings: z.strictObject({
      ...shared,
      level,
      manifest: file('JSON manifest of the network: input, taps and form.'),
      weights,
      channelWeights: channelWeights.optional(),
    }),
    source: 'The manifest of the network',
    network: ({ manifest, weights, channelWeights, size, level }) => ({
      manifest: { path: manifest },
      weights: { path: weights },
      channelWeights: channelWeights === undefined ? undefined : { path: channelWeights },
      adjust: { size, level },
    }),
  }),
]

function named({ name, label, summary, manifest, embedded, learned }: FeatureMetricRow): MetricDefinition {
  const hasTokens = manifest.taps.some(({ layout }) => layout === 'tokens')
  return featureMetric({
    name,
    label,
    summary,
    range: manifest.form === 'cosine' ? [0, 2] : [0, null],
    settings: z.strictObject({
      ...shared,
      ...(hasTokens && { level }),
      ...(!embedded && { weights }),
      ...(learned && { channelWeights }),
    }),
    source: manifest.source,
    network: ({ weights, channelWeights, size, level }) => ({
      manifest,
      weights: embedded ? { embedded } : { path: weights },
      channelWeights: channelWeights === undefined ? undefined : { path: channelWeights },
      adjust: { size, level },
    }),
  })
}

function featureMetric(
  row: Pick<MetricDefinition, 'name' | 'label' | 'summary' | 'range' | 'settings' | 'source'> & {
    network(settings: FeatureSettings): ReturnType<NonNullable<MetricDefinition['network']>>
  },
): MetricDefinition {
  // Which settings there are differs by network, so the type is told here once; the schema of the row checks them.
  const read = (settings: object) => settings as FeatureSettings
  return defineMetric({
    ...row,
    direction: 'lower',
    version: '1',
    needs: settings => [read(settings).reference],
    network: settings => row.network(read(settings)),
    measure: (images, settings, network) => distanceTo(read(settings).reference, images, network!),
  })
}

async function distanceTo(
  reference: Reference,
  images: MetricImages,
  network: FeatureSource,
): Promise<Measurement> {
  const { input } = network.manifest
  const seen = inputSize(images.sr.pixels, input)
  if (Math.min(seen.width, seen.height) < input.minimum) return tooSmall(seen, input.minimum)
  const other = reference === 'lr' ? images.enlargedLr() : images.gt!
  const a = await network.features(images.sr)
  const b = await network.features(other)
  const { value, places } = featureDistance(a, b, network.manifest, network.channelWeights)
  const { width, height } = images.sr.pixels
  const hasMap = places.some(({ plane }) => plane.data.length > 1)
  return { value, ...(hasMap && { map: { range: [0, 1], plane: () => together(places, width, height) } }) }
}

/** The weighted sum of the taps at each pixel, each tap enlarged by its nearest place. */
function together(places: FeatureDistance['places'], width: number, height: number): Plane {
  const out = createPlane(width, height)
  for (const { plane, weight } of places) {
    for (let y = 0; y < height; y++) {
      const row = Math.floor((y * plane.height) / height) * plane.width
      for (let x = 0; x < width; x++) {
        out.data[y * width + x] += weight * plane.data[row + Math.floor((x * plane.width) / width)]
      }
    }
  }
  return out
}
