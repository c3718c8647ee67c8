import type { InferenceSession } from 'onnxruntime-node'
import { MirageError } from '../../errors.ts'
import type { DecodedSamples } from '../../images/decode.ts'
import type { ModelManifest } from '../manifest.ts'
import { floatTensor } from './float-tensor.ts'
import { channelCount, fillTile, readPlanes, tensorDims } from './tensors.ts'

/** A size of the network's input that its graph fixes. */
export interface FixedSize {
  width?: number
  height?: number
}

/** A loaded super-resolution network: LR tile in, planes of the SR tile out. */
export class Network {
  readonly #session: InferenceSession
  readonly #manifest: ModelManifest
  readonly #type: 'float32' | 'float16'
  readonly fixed: FixedSize

  /** @throws MirageError `model-unsupported` where the graph does not take one image. */
  constructor(session: InferenceSession, manifest: ModelManifest) {
    this.#session = session
    this.#manifest = manifest
    const [input, ...others] = session.inputMetadata
    if (others.length > 0 || !input?.isTensor) {
      throw unsupported(manifest, `takes ${session.inputNames.join(', ')} where one image is given`)
    }
    if (input.type !== 'float32' && input.type !== 'float16') {
      throw unsupported(manifest, `takes ${input.type} where 32- or 16-bit floats are given`)
    }
    this.#type = input.type
    const [height, width] = manifest.layout === 'nchw' ? input.shape.slice(2) : input.shape.slice(1)
    this.fixed = { width: fixedDim(width), height: fixedDim(height) }
  }

  get channels(): number {
    return channelCount(this.#manifest)
  }

  /**
   * Runs one tile and returns its planes of pixels in 0..1, `scale` times as large.
   *
   * @throws MirageError `model-wrong-scale` where the output has another size than the manifest says.
   */
  async run(
    image: DecodedSamples,
    tile: { x: number; y: number; width: number; height: number },
  ): Promise<ArrayLike<number>> {
    const dims = tensorDims(this.#manifest, tile.height, tile.width)
    const count = dims.reduce((product, dim) => product * dim, 1)
    const data = this.#type === 'float32' ? new Float32Array(count) : new Float16Array(count)
    fillTile(data, image, tile, this.#manifest)
    const input = floatTensor(this.#type, data, dims)
    const outputs = await this.#session.run({ [this.#session.inputNames[0]]: input }, [
      this.#session.outputNames[0],
    ])
    const output = outputs[this.#session.outputNames[0]]
    const { scale } = this.#manifest
    const [width, height] = [tile.width * scale, tile.height * scale]
    const expected = tensorDims(this.#manifest, height, width)
    if (output.dims.join() !== expected.join()) throw wrongSize(this.#manifest, dims, expected, output.dims)
    return readPlanes(output.data as ArrayLike<number>, this.#manifest, width, height)
  }
}

function fixedDim(dim: number | string | undefined): number | undefined {
  return typeof dim === 'number' && dim > 0 ? dim : undefined
}

function unsupported({ id }: ModelManifest, why: string): MirageError {
  return new MirageError({
    code: 'model-unsupported',
    message: `The model "${id}" ${why}.`,
    remedy: 'Export it with one image input of floats, or serve it behind a command or an endpoint.',
  })
}

function wrongSize(
  { id, scale, layout }: ModelManifest,
  input: readonly number[],
  expected: readonly number[],
  actual: readonly number[],
): MirageError {
  return new MirageError({
    code: 'model-wrong-scale',
    message: `The model "${id}" made [${actual.join(', ')}] of [${input.join(', ')}] where x${scale} ${layout.toUpperCase()} is [${expected.join(', ')}].`,
    remedy: 'Correct `scale`, `layout` or `colour` in the model entry of the step or in its .onnx.json file.',
  })
}
