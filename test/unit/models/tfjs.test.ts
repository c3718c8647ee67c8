import * as tf from '@tensorflow/tfjs'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { readBundledValue } from '../../../scripts/browserify-bundle.ts'
import { readNpmWeights } from '../../../scripts/npm-weights.ts'
import { CATALOG } from '../../../src/kernel/models/catalog.ts'
import { importTfjs, type TfjsModel } from '../../../src/kernel/models/import/tfjs.ts'
import { writeGraph } from '../../../src/kernel/onnx/write.ts'

/** Both networks are checked against TensorFlow.js itself, on its plain CPU backend, with the published weights. */

class MultiplyBeta extends tf.layers.Layer {
  static className = 'MultiplyBeta'
  readonly beta: number
  constructor(config: { beta: number }) {
    super(config as never)
    this.beta = config.beta
  }
  override call(inputs: tf.Tensor[]) {
    return tf.mul(inputs[0], this.beta)
  }
}
class PixelShuffle4x extends tf.layers.Layer {
  static className = 'PixelShuffle4x'
  override computeOutputShape([batch, height, width]: number[]) {
    return [batch, height, width, 3]
  }
  override call(inputs: tf.Tensor4D[]) {
    return tf.depthToSpace(inputs[0], 4, 'NHWC')
  }
}
tf.serialization.registerClass(MultiplyBeta)
tf.serialization.registerClass(PixelShuffle4x)

interface Topology {
  model_config: {
    config: {
      layers: { name: string; config: { batch_input_shape?: unknown }; inbound_nodes: [string][][] }[]
      output_layers: [string, number, number][]
    }
  }
}

/** The model cut to what `outputs` need, with free input sides. */
function cut(model: TfjsModel, outputs: string[]): TfjsModel {
  const copy = structuredClone(model)
  const { config } = (copy.modelTopology as unknown as Topology).model_config
  const needed = new Set(outputs)
  for (const layer of config.layers.toReversed()) {
    if (needed.has(layer.name)) for (const [name] of layer.inbound_nodes[0] ?? []) needed.add(name)
  }
  config.layers = config.layers.filter(layer => needed.has(layer.name))
  config.layers[0].config.batch_input_shape = [null, null, null, 3]
  config.output_layers = outputs.map(name => [name, 0, 0])
  return copy
}

async function runTfjs(model: TfjsModel, shards: Uint8Array, x: Float32Array, [height, width]: number[]) {
  await tf.setBackend('cpu')
  const weightSpecs = model.weightsManifest.flatMap(group => group.weights) as tf.io.WeightsManifestEntry[]
  const weightData = new Uint8Array(shards).buffer
  const loaded = await tf.loadLayersModel(
    { load: async () => ({ modelTopology: model.modelTopology, weightSpecs, weightData }) },
    { strict: false },
  )
  const predicted = loaded.predict(tf.tensor4d(x, [1, height, width, 3])) as tf.Tensor | tf.Tensor[]
  const outputs = [predicted].flat().map(each => tf.transpose(each, [0, 3, 1, 2]))
  return Promise.all(
    outputs.map(async each => ({ dims: each.shape, data: (await each.data()) as Float32Array })),
  )
}

async function runOnnx(bytes: Uint8Array, x: Float32Array, [height, width]: number[]) {
  const planar = Float32Array.from(x, (_, i) => {
    const size = height * width
    return x[(i % size) * 3 + Math.floor(i / size)]
  })
  const session = await InferenceSession.create(bytes)
  const outputs = await session.run({ input: new Tensor('float32', planar, [1, 3, height, width]) })
  await session.release()
  return session.outputNames.map(name => ({
    dims: [...outputs[name].dims],
    data: outputs[name].data as Float32Array,
  }))
}

type Outputs = { dims: number[]; data: Float32Array }[]

/** Largest difference of each output, relative to the largest value of the expected one. */
function differences(actual: Outputs, expected: Outputs): number[] {
  expect(actual.map(({ dims }) => dims)).toEqual(expected.map(({ dims }) => dims))
  return expected.map(({ data }, k) => {
    const largest = data.reduce((worst, value) => Math.max(worst, Math.abs(value)), 0)
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[k].data[i])), 0)
    return worst / largest
  })
}

const image = (height: number, width: number) =>
  Float32Array.from({ length: height * width * 3 }, (_, i) => ((i * 53) % 97) / 96)

describe('rrdn-thick-x4', () => {
  let model: TfjsModel
  let shards: Buffer
  beforeAll(async () => {
    const [json, ...parts] = (await readNpmWeights(CATALOG['rrdn-thick-x4'].origin!, [])).values()
    model = JSON.parse(new TextDecoder().decode(json)) as TfjsModel
    shards = Buffer.concat(parts)
  })

  test('the imported graph equals TensorFlow.js, and half precision moves it by less than an 8-bit level', async () => {
    const size = [6, 5]
    const x = image(6, 5)
    const expected = await runTfjs(model, shards, x, size)
    const single = importTfjs(model, shards, { name: 'rrdn', storage: 'float32' })
    const half = importTfjs(model, shards, { name: 'rrdn', storage: 'float16' })
    // Two orders of the same 32-bit sums over 154 convolutions.
    expect(differences(await runOnnx(writeGraph(single), x, size), expected)[0]).toBeLessThan(1e-5)
    expect(differences(await runOnnx(writeGraph(half), x, size), expected)[0]).toBeLessThan(1 / 255)
  })
})

// 32-bit sums in two orders, and the batch normalisation folded into the kernels: the statistics of MobileNetV2's
// depthwise channels scale some of them by several hundred.
describe.each([
  ['imagenet-inception', 1e-4],
  ['imagenet-mobilenet', 1e-3],
])('%s', (id, tolerance) => {
  test('every tap of the imported graph equals TensorFlow.js', async () => {
    const { origin, manifest } = CATALOG[id]
    const [script, ...parts] = [...(await readNpmWeights(origin!, [])).values()].map(bytes =>
      new TextDecoder().decode(bytes),
    )
    const model = readBundledValue(script) as TfjsModel
    const shards = Buffer.concat(parts.map(part => Buffer.from(readBundledValue(part) as string, 'base64')))
    const size = [manifest.minimum, manifest.minimum + 4]
    const x = image(size[0], size[1])
    const expected = await runTfjs(cut(model, manifest.taps), shards, x, size)
    const graph = importTfjs(model, shards, { name: id, storage: 'float16', taps: manifest.taps })
    const actual = await runOnnx(writeGraph(graph), x, size)
    for (const difference of differences(actual, expected)) expect(difference).toBeLessThan(tolerance)
  })
})

test('a bundle is read as data: nothing in it is run', () => {
  const bundle = (value: string) =>
    `!function(e){e()}({1:[function(a,b,c){b.exports=${value}},{}]},{},[1])(1)});`
  expect(readBundledValue(bundle('{a:!0,b:[-.5,1e-3,"x:!1,y:.5"],c:null}'))).toEqual({
    a: true,
    b: [-0.5, 1e-3, 'x:!1,y:.5'],
    c: null,
  })
  expect(() => readBundledValue(bundle('process.exit(1)'))).toThrow(SyntaxError)
})
