import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import sharp from 'sharp'
import { infer } from '../src/kernel/compute/jobs/infer.ts'
import { CATALOG } from '../src/kernel/models/catalog.ts'
import { providerName } from '../src/kernel/models/probe.ts'
import { PROVIDERS } from '../src/kernel/models/providers.ts'
import { SESSIONS } from '../src/kernel/models/run/session-pool.ts'
import { createFolderStore, hashFile } from '../src/kernel/store/folder-store.ts'
import { drawnLr } from '../test/support/drawn-lr.ts'

/**
 * What everything around the network costs: the `infer` job (decode, run, encode, store) against a bare loop of
 * `session.run` over the same pixels with onnxruntime's own defaults, in turns in one process.
 *
 *     node bench/infer.bench.ts [--model ID] [--side 512] [--images 2] [--rounds 3] [--provider cpu] [--photos FOLDER]
 */
const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: 'realesr-general-x4v3' },
    side: { type: 'string', default: '512' },
    images: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    provider: { type: 'string', default: 'cpu' },
    photos: { type: 'string' },
  },
})
const [side, count, rounds] = [asked.side, asked.images, asked.rounds].map(Number)
const provider = providerName(asked.provider)
const { manifest } = CATALOG[asked.model]

const path = join(import.meta.dirname, '..', 'dist', 'models', `${asked.model}.onnx`)
const sha256 = await hashFile(path)

/** Photographs cut to size, or noise with structure where no folder is named. */
async function lrImages(): Promise<Uint8Array[]> {
  const files =
    asked.photos === undefined ? [] : readdirSync(asked.photos).filter(name => name.endsWith('.png'))
  return Promise.all(
    Array.from({ length: count }, (_, k) => {
      if (files.length > 0) {
        const file = join(asked.photos!, files[k % files.length])
        return sharp(file).resize(side, side).removeAlpha().png().toBuffer()
      }
      return sharp(drawnLr(side, side, k), { raw: { width: side, height: side, channels: 3 } })
        .png()
        .toBuffer()
    }),
  )
}

async function planes(png: Uint8Array): Promise<Float32Array> {
  const raw = await sharp(png).raw().toBuffer()
  return Float32Array.from(raw, (_, i) => raw[(i % (side * side)) * 3 + Math.floor(i / (side * side))] / 255)
}

const pngs = await lrImages()
const inputs = await Promise.all(pngs.map(planes))

async function bare(session: InferenceSession): Promise<number> {
  const start = performance.now()
  for (const data of inputs) await session.run({ input: new Tensor('float32', data, [1, 3, side, side]) })
  return performance.now() - start
}

async function job(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'mirage-bench-'))
  const store = createFolderStore(root)
  const images = await Promise.all(
    pngs.map(async (png, i) => ({
      id: `${i}`,
      lr: { hash: await store.putObject(png), width: side, height: side, mime: 'image/png' },
    })),
  )
  const start = performance.now()
  await infer.run(
    { model: { path, sha256, manifest }, images, provider, providerNamed: true, tile: 4096, overlap: 0 },
    { storeRoot: root, signal: new AbortController().signal, report: () => {} },
  )
  const milliseconds = performance.now() - start
  rmSync(root, { recursive: true })
  return milliseconds
}

/** Each side in turn, with only its own session loaded, so that neither disturbs the other. */
const times = { bare: [] as number[], job: [] as number[] }
for (let round = 0; round <= rounds; round++) {
  const session = await InferenceSession.create(path, {
    executionProviders: [PROVIDERS[provider].runtimeName],
  })
  await session.run({ input: new Tensor('float32', inputs[0], [1, 3, side, side]) })
  const alone = await bare(session)
  await session.release()
  const lease = await SESSIONS.lease({ path, sha256 }, provider)
  await lease.session.run({ input: new Tensor('float32', inputs[0], [1, 3, side, side]) })
  const whole = await job()
  await lease.end()
  await SESSIONS.clear()
  // The first round warms up.
  if (round === 0) continue
  times.bare.push(alone)
  times.job.push(whole)
  console.log(
    `round ${round}: bare ${alone.toFixed(0)} ms, job ${whole.toFixed(0)} ms, ratio ${(whole / alone).toFixed(3)}`,
  )
}
const best = (list: number[]) => Math.min(...list)
const megapixels = (count * side * side * manifest.scale ** 2) / 1e6
console.log(
  `${asked.model} on ${provider}, ${count} images of ${side} x ${side}: ` +
    `${(megapixels / (best(times.job) / 1000)).toFixed(2)} MP/s end to end, ` +
    `best job / best bare = ${(best(times.job) / best(times.bare)).toFixed(3)}`,
)
