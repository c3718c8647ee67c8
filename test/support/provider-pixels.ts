import { join } from 'node:path'
import sharp from 'sharp'
import { infer } from '../../src/kernel/compute/jobs/infer.ts'
import { decodeSamples } from '../../src/kernel/images/decode.ts'
import { CATALOG } from '../../src/kernel/models/catalog.ts'
import type { ProviderName } from '../../src/kernel/models/providers.ts'
import { SESSIONS } from '../../src/kernel/models/run/session-pool.ts'
import { createFolderStore, hashFile } from '../../src/kernel/store/folder-store.ts'
import { drawnLr } from './drawn-lr.ts'

export interface PixelAgreement {
  model: string
  /** Largest difference of two SR samples, in levels of 255. */
  largest: number
  /** Part of the samples that differ at all. */
  differing: number
  /** Seconds on each device, with what it compiles at the first run. */
  seconds: { cpu: number; other: number }
}

/**
 * Enlarges one drawn LR image of `side` x `side` with a shipped model on the CPU and on another provider.
 *
 * @param models folder of the ONNX files
 * @param folder for the store
 */
export async function providerPixels(
  model: string,
  provider: ProviderName,
  side: number,
  { models, folder }: { models: string; folder: string },
): Promise<PixelAgreement> {
  const store = createFolderStore(join(folder, 'store'))
  const path = join(models, `${model}.onnx`)
  const raw = { width: side, height: side, channels: 3 } as const
  const png = await sharp(drawnLr(side, side), { raw }).png().toBuffer()
  const lr = { hash: await store.putObject(png), width: side, height: side, mime: 'image/png' }
  const { manifest } = CATALOG[model]
  const file = { path, sha256: await hashFile(path), manifest }
  const on = async (name: ProviderName) => {
    const [{ sr, seconds, provider }] = await infer.run(
      {
        model: file,
        images: [{ id: model, lr }],
        provider: name,
        providerNamed: true,
        tile: 4096,
        overlap: 0,
      },
      { storeRoot: store.root, signal: new AbortController().signal, report: () => {} },
    )
    await SESSIONS.clear()
    if (provider !== name) throw new Error(`${name} was asked for and ${provider} ran`)
    return { seconds, ...(await decodeSamples(store.objectPath(sr.hash))) }
  }
  const [cpu, other] = [await on('cpu'), await on(provider)]
  const differences = [...cpu.samples].map((value, i) => Math.abs(value - other.samples[i]))
  return {
    model,
    largest: differences.reduce((a, b) => Math.max(a, b), 0),
    differing: differences.filter(each => each > 0).length / differences.length,
    seconds: { cpu: cpu.seconds, other: other.seconds },
  }
}
