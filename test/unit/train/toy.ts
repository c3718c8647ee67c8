import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodePng } from '../../../src/kernel/images/encode.ts'
import { ingestBytes } from '../../../src/kernel/images/ingest.ts'
import { createPixels } from '../../../src/kernel/images/pixels.ts'
import { modelManifest } from '../../../src/kernel/models/manifest.ts'
import { writeGraph } from '../../../src/kernel/onnx/write.ts'
import { createFolderStore, hashFile } from '../../../src/kernel/store/folder-store.ts'
import type { TrainImage, TrainSettings } from '../../../src/kernel/train/settings.ts'
import { noise } from '../autodiff/cases.ts'
import { compact } from '../autodiff/networks.ts'

/** A folder with a store, a tiny network and six drawn images: enough to train for real in a second. */
export async function toyTraining(changes: Partial<TrainSettings> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'mirage-train-'))
  const store = createFolderStore(join(folder, 'store'))
  const path = join(folder, 'compact.onnx')
  await writeFile(path, writeGraph(compact(7).graph))
  const manifest = modelManifest.parse({
    id: 'compact',
    kind: 'gan',
    scale: 2,
    layout: 'nchw',
    colour: 'rgb',
    range: '0..1',
  })
  const images: TrainImage[] = []
  for (let i = 0; i < 6; i++)
    images.push({ id: `image-${i}`, gt: await drawn(i, 40), lr: await drawn(i, 20) })

  async function drawn(seed: number, side: number) {
    const pixels = createPixels(side, side)
    const next = noise(seed)
    const [a, b] = [4 + 3 * next(), 5 + 2 * next()]
    for (let j = 0; j < pixels.data.length; j++) {
      const [x, y] = [(j % side) / side, (Math.floor(j / side) % side) / side]
      pixels.data[j] = 0.5 + 0.3 * Math.sin(a * x * 6 + seed) * Math.cos(b * y * 6)
    }
    return (await ingestBytes(store, await encodePng(pixels), `image-${seed}-${side}.png`)).image
  }

  const settings: TrainSettings = {
    model: { path, sha256: await hashFile(path), manifest },
    adapter: { name: 'all', settings: {} },
    terms: [
      { name: 'l1', loss: 'l1', settings: {}, weight: 1, during: [0, 1] },
      { name: 'lr-consistency', loss: 'lr-consistency', settings: {}, weight: 0, during: [0, 1] },
    ],
    networks: {},
    images: images.slice(0, 4),
    held: images.slice(4),
    degradation: { kind: 'bicubic' },
    steps: 20,
    batch: 2,
    crop: 8,
    heldCrop: 12,
    rate: 0.01,
    schedule: { shape: 'cosine', warmup: 2, end: 0 },
    update: { optimiser: { name: 'adam', settings: {} }, clip: 1, accumulate: 1 },
    segments: 1,
    every: 5,
    guards: {},
    seed: 3,
    provider: 'cpu',
    ...changes,
  }
  return { folder, store, settings }
}
