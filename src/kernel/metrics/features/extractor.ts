import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { MirageError } from '../../errors.ts'
import type { Pixels } from '../../images/pixels.ts'
import { type Lease, SESSIONS } from '../../models/run/session-pool.ts'
import { hashOf } from '../../store/canonical.ts'
import type { Store } from '../../store/store.ts'
import type { MetricImage } from '../metric-image.ts'
import { FeatureMemory } from './feature-memory.ts'
import { atInputSize, normalized } from './input.ts'
import type { ChannelWeights, Feature, FeatureSource, NetworkManifest, ResolvedNetwork } from './network.ts'
import { featureOf } from './taps.ts'

/** Images that a GPU gets at once. One at a time on the CPU: nothing is gained there, and results do not depend on their company. */
const GPU_BATCH = 8

/**
 * Runs a network with named taps on images. Features are remembered by content, so that a GT is seen once for all
 * methods. It leases its session; `end` gives it back.
 */
export class FeatureExtractor implements FeatureSource {
  readonly manifest: NetworkManifest
  readonly channelWeights?: ChannelWeights
  readonly #lease: Lease
  readonly #memory: FeatureMemory
  readonly batch: number

  private constructor(network: ResolvedNetwork, lease: Lease, store: Store) {
    const { manifest, channelWeights, sha256, provider } = network
    this.manifest = manifest
    this.channelWeights = channelWeights
    this.#lease = lease
    this.#memory = new FeatureMemory(
      store,
      hashOf({ sha256, provider, input: manifest.input, taps: manifest.taps }),
    )
    const [batch] = shapeOf(lease.session)
    this.batch = provider === 'cpu' || typeof batch === 'number' ? 1 : GPU_BATCH
  }

  /** @throws MirageError `model-changed`, `model-unreadable`, `tap-unknown`, `model-unsupported` */
  static async open(network: ResolvedNetwork, store: Store): Promise<FeatureExtractor> {
    const lease = await SESSIONS.lease({ path: network.onnx, sha256: network.sha256 }, network.provider)
    try {
      requireFit(lease.session, network.manifest)
      return new FeatureExtractor(network, lease, store)
    } catch (error) {
      await lease.end()
      throw error
    }
  }

  async features(image: MetricImage): Promise<Feature[]> {
    await this.prepare([image])
    return (await this.#memory.get(image.hash))!
  }

  async prepare(images: readonly MetricImage[]): Promise<void> {
    const missing: { hash: string; pixels: Pixels }[] = []
    for (const { hash, pixels } of new Map(images.map(image => [image.hash, image])).values()) {
      if (!(await this.#memory.get(hash)))
        missing.push({ hash, pixels: atInputSize(pixels, this.manifest.input) })
    }
    const bySize = Map.groupBy(missing, ({ pixels }) => `${pixels.width}x${pixels.height}`)
    for (const group of bySize.values()) {
      for (let i = 0; i < group.length; i += this.batch) await this.#run(group.slice(i, i + this.batch))
    }
  }

  /** Gives the session back; it is not used afterwards. */
  end(): Promise<void> {
    return this.#lease.end()
  }

  async #run(batch: { hash: string; pixels: Pixels }[]): Promise<void> {
    const { width, height } = batch[0].pixels
    const { input, taps } = this.manifest
    const data = new Float32Array(batch.length * 3 * width * height)
    for (const [i, { pixels }] of batch.entries()) data.set(normalized(pixels, input), i * 3 * width * height)
    const { session } = this.#lease
    const wanted = [...new Set(taps.filter(({ layout }) => layout !== 'image').map(({ output }) => output))]
    const tensor = new Tensor('float32', data, [batch.length, 3, height, width])
    const outputs = await session.run({ [input.name ?? session.inputNames[0]]: tensor }, wanted)
    tensor.dispose()
    const grid = { width: Math.round(width / input.multiple), height: Math.round(height / input.multiple) }
    for (const [i, { hash, pixels }] of batch.entries()) {
      const features = taps.map((tap): Feature => {
        if (tap.layout === 'image') return { channels: 3, height, width, data: pixels.data.slice() }
        const { dims, data } = outputs[tap.output]
        return featureOf(tap, { dims, data: data as Float32Array }, i, grid)
      })
      await this.#memory.put(hash, features)
    }
    for (const output of Object.values(outputs)) output.dispose()
  }
}

function shapeOf(session: InferenceSession): readonly (number | string)[] {
  const [metadata] = session.inputMetadata
  return metadata.isTensor ? metadata.shape : []
}

function requireFit(session: InferenceSession, { name, input, taps }: NetworkManifest): void {
  const unknown = taps.find(
    ({ layout, output }) => layout !== 'image' && !session.outputNames.includes(output),
  )
  if (unknown) {
    throw new MirageError({
      code: 'tap-unknown',
      message: `${name}: the network has no output "${unknown.output}".`,
      remedy: `Its outputs: ${session.outputNames.join(', ')}. Name one of them in a manifest of your own (metric "features").`,
    })
  }
  const [metadata, ...others] = session.inputMetadata
  const fits = metadata?.isTensor && metadata.type === 'float32' && metadata.shape.length === 4
  if (others.length === 0 && fits && (input.name === undefined || input.name === metadata.name)) return
  throw new MirageError({
    code: 'model-unsupported',
    message: `${name}: the network takes ${session.inputNames.join(', ')}, where one image of 32-bit floats (batch x 3 x height x width) is given.`,
    remedy: 'Export the image tower alone, with float32 input.',
  })
}
