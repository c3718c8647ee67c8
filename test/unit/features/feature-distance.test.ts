import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { decodeImage } from '../../../src/kernel/images/decode.ts'
import { createPixels, crop, type Pixels } from '../../../src/kernel/images/pixels.ts'
import { FeatureExtractor } from '../../../src/kernel/metrics/features/extractor.ts'
import {
  type Feature,
  type FeatureSource,
  networkManifest,
} from '../../../src/kernel/metrics/features/network.ts'
import { resolveNetwork } from '../../../src/kernel/metrics/features/resolve.ts'
import { metricImages } from '../../../src/kernel/metrics/images.ts'
import { metricByName } from '../../../src/kernel/metrics/registry.ts'
import { SESSIONS } from '../../../src/kernel/models/run/session-pool.ts'
import { createFolderStore } from '../../../src/kernel/store/folder-store.ts'
import {
  convolveReference,
  cosineReference,
  distsReference,
  lpipsReference,
} from '../../reference/features.ts'
import { convNet, take, tokenNet } from '../../support/random-network.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-features-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))
afterAll(async () => {
  await SESSIONS.clear()
  expect(SESSIONS.size).toBe(0)
})

function picture(width: number, height: number, seed: number): Pixels {
  const image = createPixels(width, height)
  image.data.set(take(image.data.length, seed).map(value => (value + 1) / 2))
  return image
}

const asFeature = ({ width, height, data }: Pixels): Feature => ({ channels: 3, width, height, data })

/** Measures with a metric of the registry, the files of which are in the test's folder. */
async function distance(name: string, settings: object, images: { sr: Pixels; gt?: Pixels; lr?: Pixels }) {
  const metric = metricByName(name)
  const parsed = metric.settings.parse(settings)
  const store = createFolderStore(join(folder, 'store'))
  const network = await resolveNetwork(metric.network!(parsed), { folder, store, provider: 'cpu' })
  const extractor = await FeatureExtractor.open(network, store)
  try {
    const named = (role: string, pixels: Pixels | undefined) =>
      pixels && { hash: hashOfPixels(role, pixels), pixels }
    const all = metricImages({
      sr: named('sr', images.sr)!,
      gt: named('gt', images.gt),
      lr: named('lr', images.lr),
    })
    return await metric.measure(all, parsed, extractor as FeatureSource)
  } finally {
    await extractor.end()
  }
}

function hashOfPixels(role: string, { data }: Pixels): string {
  return `${role} ${data.reduce((sum, value, i) => sum + value * (i + 1), 0)}`
}

async function files(contents: Record<string, Uint8Array | object>) {
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(join(folder, name), content instanceof Uint8Array ? content : JSON.stringify(content))
  }
}

const taps = [
  { output: 'relu1', layout: 'nchw', weight: 0.25 },
  { output: 'relu2', layout: 'nchw', weight: 0.75 },
]
const input = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.25] }

/** Both taps of the convolutional network, computed without it. */
function tapsOf(image: Pixels, [first, second]: [Float32Array, Float32Array]): [Feature, Feature] {
  const size = image.width * image.height
  const data = image.data.map((value, i) => {
    const c = Math.floor(i / size)
    return (value - input.mean[c]) / input.std[c]
  })
  const relu1 = convolveReference({ ...asFeature(image), data }, first, 6)
  return [relu1, convolveReference(relu1, second, 4)]
}

test('cosine, LPIPS and DISTS forms of a random network equal the plain reference', async () => {
  const net = convNet()
  const alpha = [...take(10, 8)].map(Math.abs)
  const beta = [...take(10, 9)].map(Math.abs)
  const total = [...alpha, ...beta].reduce((sum, value) => sum + value)
  const learned = {
    relu1: { alpha: alpha.slice(0, 6), beta: beta.slice(0, 6) },
    relu2: { alpha: alpha.slice(6), beta: beta.slice(6) },
  }
  const linear = { relu1: alpha.slice(0, 6), relu2: beta.slice(6) }
  await files({
    'net.onnx': net.file,
    'cosine.json': { name: 'random', form: 'cosine', input, taps },
    'lpips.json': { name: 'random', form: 'lpips', input, taps },
    'dists.json': { name: 'random', form: 'dists', input, taps },
    'linear.json': linear,
    'learned.json': learned,
  })
  const sr = picture(23, 17, 5)
  const gt = picture(23, 17, 6)
  const [a1, a2] = tapsOf(sr, net.kernels)
  const [b1, b2] = tapsOf(gt, net.kernels)
  const measured = async (form: string, channelWeights?: string) => {
    const settings = {
      manifest: `${form}.json`,
      weights: 'net.onnx',
      ...(channelWeights && { channelWeights }),
    }
    return (await distance('features', settings, { sr, gt })).value!
  }
  const ones = Array<number>(6).fill(1)
  const close = (actual: number, expected: number) => expect(Math.abs(actual - expected)).toBeLessThan(1e-5)
  close(await measured('cosine'), 0.25 * cosineReference(a1, b1) + 0.75 * cosineReference(a2, b2))
  close(await measured('lpips'), 0.25 * lpipsReference(a1, b1, ones) + 0.75 * lpipsReference(a2, b2, ones))
  close(
    await measured('lpips', 'linear.json'),
    0.25 * lpipsReference(a1, b1, linear.relu1) + 0.75 * lpipsReference(a2, b2, linear.relu2),
  )
  const similarity =
    distsReference(a1, b1, learned.relu1.alpha, learned.relu1.beta) +
    distsReference(a2, b2, learned.relu2.alpha, learned.relu2.beta)
  close(await measured('dists', 'learned.json'), 1 - similarity / total)
})

test('an image is at distance 0 from itself, by every form, and maps have the size of SR', async () => {
  await files({
    'net.onnx': convNet().file,
    'cosine.json': { name: 'random', form: 'cosine', taps },
    'lpips.json': { name: 'random', form: 'lpips', taps },
    'dists.json': { name: 'random', form: 'dists', taps: [{ output: 'image', layout: 'image' }, ...taps] },
  })
  const sr = picture(16, 12, 5)
  for (const form of ['cosine', 'lpips', 'dists']) {
    const { value, map } = await distance(
      'features',
      { manifest: `${form}.json`, weights: 'net.onnx' },
      { sr, gt: sr },
    )
    expect(Math.abs(value!)).toBeLessThan(1e-12)
    expect(map === undefined).toBe(form === 'dists')
    if (map) expect(map.plane()).toMatchObject({ width: 16, height: 12 })
  }
})

test('tokens are compared by patch, by their mean or by the class token, after resizing to whole patches', async () => {
  await files({ 'vit.onnx': tokenNet().file })
  const manifest = {
    name: 'vit',
    form: 'cosine',
    input: { multiple: 4, minimum: 8 },
    taps: [{ output: 'tokens', layout: 'tokens', skip: 2 }],
  }
  await files({ 'vit.json': manifest })
  // 18 x 13 is seen as 20 x 12: 5 x 3 patches.
  const sr = picture(18, 13, 5)
  const gt = picture(18, 13, 6)
  const store = createFolderStore(join(folder, 'store'))
  const settings = { manifest: 'vit.json', weights: 'vit.onnx' }
  const parsed = metricByName('features').settings.parse(settings)
  const network = await resolveNetwork(metricByName('features').network!(parsed), {
    folder,
    store,
    provider: 'cpu',
  })
  const extractor = await FeatureExtractor.open(network, store)
  const images = metricImages({ sr: { hash: 'sr', pixels: sr }, gt: { hash: 'gt', pixels: gt } })
  const [a] = await extractor.features(images.sr)
  const [b] = await extractor.features(images.gt!)
  await extractor.end()
  expect(a).toMatchObject({ channels: 5, width: 5, height: 3 })
  const meanOf = (feature: Feature): Feature => ({
    ...feature,
    width: 1,
    height: 1,
    data: Float32Array.from(
      { length: 5 },
      (_, c) => feature.data.slice(c * 15, (c + 1) * 15).reduce((p, q) => p + q) / 15,
    ),
  })
  // The stand-in for the class token is the first patch.
  const firstOf = (feature: Feature): Feature => ({
    ...feature,
    width: 1,
    height: 1,
    data: Float32Array.from({ length: 5 }, (_, c) => feature.data[c * 15]),
  })
  const at = async (level: string) => (await distance('features', { ...settings, level }, { sr, gt })).value!
  expect(await at('patches')).toBeCloseTo(cosineReference(a, b), 5)
  expect(await at('mean')).toBeCloseTo(cosineReference(meanOf(a), meanOf(b)), 5)
  expect(await at('class')).toBeCloseTo(cosineReference(firstOf(a), firstOf(b)), 5)
})

test('the distance to LR is that to LR enlarged', async () => {
  await files({ 'net.onnx': convNet().file, 'net.json': { name: 'random', form: 'cosine', taps } })
  const sr = picture(16, 16, 5)
  const settings = { manifest: 'net.json', weights: 'net.onnx', reference: 'lr' }
  const images = metricImages({
    sr: { hash: 'sr', pixels: sr },
    lr: { hash: 'lr', pixels: picture(4, 4, 7) },
  })
  const toLr = await distance('features', settings, { sr, lr: picture(4, 4, 7) })
  const toSame = await distance(
    'features',
    { ...settings, reference: 'gt' },
    { sr, gt: images.enlargedLr().pixels },
  )
  expect(toLr.value).toBeGreaterThan(0.01)
  expect(toLr.value).toBeCloseTo(toSame.value!, 5)
})

test('a network that does not fit its manifest is an error that says what it has', async () => {
  await files({ 'net.onnx': convNet().file, 'vit.onnx': tokenNet().file, 'broken.onnx': new Uint8Array(100) })
  const sr = picture(16, 16, 5)
  const asked = async (manifest: object, settings: object = {}) => {
    await files({ 'm.json': { name: 'random', form: 'lpips', ...manifest } })
    return distance('features', { manifest: 'm.json', weights: 'net.onnx', ...settings }, { sr, gt: sr })
  }
  await expect(asked({ taps: [{ output: 'relu9', layout: 'nchw' }] })).rejects.toMatchObject({
    info: { code: 'tap-unknown', remedy: expect.stringContaining('relu1, relu2') },
  })
  await expect(asked({ taps: [{ output: 'relu1', layout: 'tokens' }] })).rejects.toMatchObject({
    info: { code: 'tap-shape', message: expect.stringContaining('[1, 6, 8, 8]') },
  })
  const tokens = { taps: [{ output: 'tokens', layout: 'tokens', skip: 1 }], input: { multiple: 4 } }
  await expect(asked(tokens, { weights: 'vit.onnx' })).rejects.toMatchObject({ info: { code: 'tap-shape' } })
  await expect(asked({ taps }, { weights: 'none.onnx' })).rejects.toMatchObject({
    info: { code: 'file-missing' },
  })
  await expect(asked({ taps }, { weights: 'broken.onnx' })).rejects.toMatchObject({
    info: { code: 'model-unreadable' },
  })
  await expect(asked({ taps: [] })).rejects.toMatchObject({ info: { code: 'manifest-invalid' } })
  await files({ 'w.json': { relu1: [1, 1, 1, 1, 1, 1] } })
  await expect(asked({ taps }, { channelWeights: 'w.json' })).rejects.toMatchObject({
    info: { code: 'manifest-invalid', message: expect.stringContaining('relu2') },
  })
})

test('every shipped manifest is a manifest', () => {
  for (const name of [
    'inception',
    'dinov2',
    'dinov3',
    'clip',
    'siglip',
    'lpips-alex',
    'lpips-vgg',
    'dists',
  ]) {
    const request = metricByName(name).network!({
      reference: 'gt',
      weights: 'a.onnx',
      channelWeights: 'a.json',
    })
    expect(networkManifest.parse(request.manifest)).toEqual(request.manifest)
  }
})

const PHOTO = '../shared/data/gb82/dog.png'
const built = ['inception', 'mobilenet'].every(name => existsSync(`dist/models/imagenet-${name}.onnx`))

test.skipIf(!existsSync(PHOTO) || !built).each(['inception', 'mobilenet'])(
  'the distance by %s grows with blur and with JPEG compression (skipped without ../shared/data or dist/models)',
  async name => {
    const photo = crop((await decodeImage(PHOTO)).pixels, 100, 100, 128, 128)
    const file = sharp(PHOTO).extract({ left: 100, top: 100, width: 128, height: 128 })
    const to = async (bytes: Promise<Buffer>) =>
      (await distance(name, {}, { sr: (await decodeImage(await bytes)).pixels, gt: photo })).value!
    const blurred = [0.6, 1.5, 4].map(sigma => to(file.clone().blur(sigma).png().toBuffer()))
    const compressed = [90, 30, 5].map(quality => to(file.clone().jpeg({ quality }).toBuffer()))
    expect(await to(file.clone().png().toBuffer())).toBe(0)
    for (const distances of [await Promise.all(blurred), await Promise.all(compressed)]) {
      expect(distances).toEqual([...distances].sort((a, b) => a - b))
      expect(distances[0]).toBeGreaterThan(0.001)
    }
  },
)
