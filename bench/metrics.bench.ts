// PSNR, SSIM and MS-SSIM of 512 x 512 pairs, on Y of RGB images in memory, against scikit-image in the same run: with one process
// each, and with two each.
import { execFileSync, fork, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPixels, type Pixels } from '../src/kernel/images/pixels.ts'
import { metricImages } from '../src/kernel/metrics/images.ts'
import { metricByName } from '../src/kernel/metrics/registry.ts'

const SIDE = 512
const PAIRS = 4
const SECONDS = 5
const METRICS = ['psnr', 'ssim', 'ms-ssim'].map(metricByName)

interface Result {
  perSecond: number
  /** Processor time per pair, which neighbours on the machine disturb less than the rate. */
  cpuMilliseconds: number
  first: number[]
}

function pairs() {
  const image = (value: (i: number) => number) => {
    const pixels = createPixels(SIDE, SIDE)
    for (let i = 0; i < pixels.data.length; i++) {
      const c = Math.floor(i / (SIDE * SIDE))
      const plain = value(i % (SIDE * SIDE)) - 20 * c
      pixels.data[i] = Math.min(255, Math.max(0, Math.round(plain))) / 255
    }
    return pixels
  }
  return Array.from({ length: PAIRS }, (_, p) => {
    const gt = (i: number) =>
      128 + 90 * Math.sin((i % SIDE) / (9 + p)) * Math.cos(i / SIDE / 14) + ((i * 7919) % 23)
    return { gt: image(gt), sr: image(i => gt(i) + ((i * 104729) % 31) - 15) }
  })
}

/** 8-bit samples with R, G and B of a pixel together. */
function interleaved({ width, height, data }: Pixels): Uint8Array {
  const size = width * height
  return Uint8Array.from({ length: 3 * size }, (_, i) =>
    Math.round(255 * data[(i % 3) * size + Math.floor(i / 3)]),
  )
}

/** Fresh images each time: luma is part of the work, as it is for a new SR. */
function measure(pair: ReturnType<typeof pairs>[number]): number[] {
  const images = metricImages({ sr: { hash: 'sr', pixels: pair.sr }, gt: { hash: 'gt', pixels: pair.gt } })
  return METRICS.map(metric => (metric.measure(images, metric.settings.parse({})) as { value: number }).value)
}

function work(): Result {
  const list = pairs()
  const [first] = list.map(measure)
  const start = performance.now()
  const cpu = process.cpuUsage()
  let count = 0
  for (; performance.now() - start < 1000 * SECONDS; count++) measure(list[count % list.length])
  const { user, system } = process.cpuUsage(cpu)
  return {
    perSecond: (1000 * count) / (performance.now() - start),
    cpuMilliseconds: (user + system) / 1000 / count,
    first,
  }
}

async function ours(processes: number): Promise<Result> {
  const results = await Promise.all(
    Array.from(
      { length: processes },
      () =>
        new Promise<Result>(resolve =>
          fork(import.meta.filename, ['child']).once('message', result => resolve(result as Result)),
        ),
    ),
  )
  const sum = (value: (result: Result) => number) =>
    results.reduce((total, result) => total + value(result), 0)
  return {
    perSecond: sum(({ perSecond }) => perSecond),
    cpuMilliseconds: sum(({ cpuMilliseconds }) => cpuMilliseconds) / processes,
    first: results[0].first,
  }
}

function python(): string | undefined {
  return ['python3', '/usr/bin/python3'].find(name => spawnSync(name, ['-c', 'import skimage']).status === 0)
}

async function main(): Promise<void> {
  const interpreter = python()
  if (!interpreter) {
    console.log(
      `ours, 1 process: ${(await ours(1)).perSecond.toFixed(1)} pairs/s; no python3 with scikit-image to compare with`,
    )
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'mirage-bench-'))
  try {
    const file = join(folder, 'images')
    writeFileSync(file, Buffer.concat(pairs().flatMap(({ gt, sr }) => [interleaved(sr), interleaved(gt)])))
    for (const processes of [1, 2]) {
      const own = await ours(processes)
      const args = ['bench/metrics.py', file, SIDE, PAIRS, processes, SECONDS].map(String)
      const other: Result = JSON.parse(
        execFileSync(interpreter, args, { encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1' } }),
      )
      // The one value that both define alike; if it differs, the times compare different things.
      if (Math.abs(own.first[1] - other.first[1]) > 1e-9)
        throw new Error(`SSIM ${own.first[1]} here, ${other.first[1]} there`)
      const ratio = other.cpuMilliseconds / own.cpuMilliseconds
      console.log(
        [
          `PSNR + SSIM + MS-SSIM, ${SIDE} x ${SIDE}, ${processes} process(es):`,
          `ours ${own.cpuMilliseconds.toFixed(1)} ms of processor time and ${own.perSecond.toFixed(1)} pairs/s,`,
          `scikit-image ${other.cpuMilliseconds.toFixed(1)} ms and ${other.perSecond.toFixed(1)} pairs/s:`,
          `${ratio.toFixed(1)}x less time, ${(own.perSecond / other.perSecond).toFixed(1)}x the rate`,
        ].join(' '),
      )
      if (ratio < 3) process.exitCode = 1
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.argv[2] === 'child') process.send?.(work(), () => process.disconnect())
else await main()
