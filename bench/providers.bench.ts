// The pixels of the shipped models on another provider against the CPU's, through the whole of `infer`. Where that
// provider does not work, the benchmark says why.
//
//     node bench/providers.bench.ts [--provider webgpu] [--side 64] [model ...]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { probe } from '../src/kernel/compute/jobs/probe.ts'
import { CATALOG } from '../src/kernel/models/catalog.ts'
import { providerName } from '../src/kernel/models/probe.ts'
import { providerPixels } from '../test/support/provider-pixels.ts'

/** Levels of 255. */
const GOAL = 2

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    provider: { type: 'string', default: 'webgpu' },
    side: { type: 'string', default: '64' },
  },
})
const provider = providerName(asked.provider)
const shipped = Object.values(CATALOG).filter(
  ({ manifest, origin }) => origin && manifest.kind !== 'features',
)
const models = positionals.length > 0 ? positionals : shipped.map(({ manifest }) => manifest.id)

const folder = mkdtempSync(join(tmpdir(), 'mirage-providers-'))
const places = { folder, models: join(import.meta.dirname, '..', 'dist', 'models') }
process.on('exit', () => rmSync(folder, { recursive: true }))
const context = { storeRoot: folder, signal: new AbortController().signal, report: () => {} }
const cpu = await probe.run({ provider: 'cpu' }, context)
const state = await probe.run({ provider }, context)
if (!state.works) {
  console.log(`no ${provider} here: ${state.reason}`)
  process.exit(0)
}
console.log(
  `the probe's convolution: cpu ${cpu.milliseconds!.toFixed(2)} ms, ${provider} ${state.milliseconds!.toFixed(2)} ms`,
)
let failed = false
for (const model of models) {
  const { largest, differing, seconds } = await providerPixels(model, provider, Number(asked.side), places)
  failed ||= largest > GOAL
  console.log(
    `${model}: largest difference ${largest}/255 (goal ${GOAL}), ${(100 * differing).toFixed(3)} % of the samples differ; ` +
      `first image in ${seconds.cpu.toFixed(2)} s on cpu, ${seconds.other.toFixed(2)} s on ${provider}`,
  )
}
process.exit(failed ? 1 : 0)
