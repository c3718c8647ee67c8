// Memory of `infer` on the CPU: the peak for an 8192 x 8192 output, and whether it stays flat over 100 images. Each in a
// process of its own.
//
//     node bench/memory.bench.ts [--model realesr-general-x4v3] [--side 2048]
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CATALOG } from '../src/kernel/models/catalog.ts'

/** Bytes for the large output, and what a hundred images may add. */
const [PEAK, GROWTH] = [1.5e9, 30e6]

const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: 'realesr-general-x4v3' },
    side: { type: 'string', default: '2048' },
  },
})
const script = join(import.meta.dirname, '..', 'test', 'fixtures', 'infer-memory.ts')
const { scale, tile } = CATALOG[asked.model].manifest

function run(count: number, side: number): { start: number; resident: number[]; peak: number } {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-memory-'))
  try {
    const words = [folder, count, side, side, tile, asked.model].map(String)
    return JSON.parse(execFileSync(process.execPath, [script, ...words], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
const { resident } = run(100, 64)
const growth = mean(resident.slice(-10)) - mean(resident.slice(10, 20))
console.log(
  `100 images of 64 x 64: ${(growth / 1e6).toFixed(1)} MB more at the end than after twenty (goal < ${GROWTH / 1e6})`,
)
const side = Number(asked.side)
const { peak } = run(1, side)
console.log(
  `${asked.model}, ${side * scale} x ${side * scale} out, tiles of ${tile}: peak ${(peak / 1e9).toFixed(2)} GB (goal < ${PEAK / 1e9})`,
)
process.exit(growth < GROWTH && peak < PEAK ? 0 : 1)
