// How a study would run on 1 to 256 nodes, simulated over step times that were recorded:
//
//     node bench/cluster-simulation.ts                 prints the tables of docs/cluster-scaling.md
//     node bench/cluster-simulation.ts record FOLDER   records the times anew, over the photographs in FOLDER/lr and FOLDER/hr
//
// The model is that of `mirage run --on slurm`: for each of infer, metrics and score an array of shards, cut by a hash of
// the image; when the last task of an array has ended, one task collects; then the next array begins. Nodes take tasks in
// the order of their numbers. Lost to the ideal (all row times over all nodes) are: starting tasks, reading the table in
// every task, nodes that wait for the last task of an array or have none, and the collections, which run alone.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRng } from '../src/kernel/stats/resampling/rng.ts'
import type { StepDefinition } from '../src/kernel/step.ts'
import { infer as inferStep } from '../src/kernel/steps/infer.ts'
import { metrics as metricsStep } from '../src/kernel/steps/metrics.ts'
import { triplets as tripletsStep } from '../src/kernel/steps/triplets.ts'
import { runStep, stepContext } from '../test/support/step-context.ts'

export interface StepTimes {
  /** Seconds per image and step: samples. */
  rows: { infer: number[]; metrics: number[]; score: number[] }
  /** Seconds from a node's being free to the start of its next task's command, with all that Slurm does besides. */
  launch: number
  /** Least seconds between two starts of tasks at the controller. */
  dispatch: number
  /** Seconds for starting Mirage in a task. */
  start: number
  /** Seconds per row of the table for reading and cutting it in every task. */
  read: number
  /** Seconds per row for collecting. */
  collect: number
}

const [infer, metrics, triplets] = [inferStep, metricsStep, tripletsStep] as unknown as StepDefinition[]

const STEPS = ['infer', 'metrics', 'score'] as const

export interface Simulated {
  /** Seconds from the first task to the end of the last collection. */
  makespan: number
  /** Row times over nodes x makespan. */
  efficiency: number
}

/** Images per shard, cut by a hash as `shardOf` does. */
function shardSizes(images: number, shards: number): number[][] {
  const parts: number[][] = Array.from({ length: shards }, () => [])
  for (let image = 0; image < images; image++) {
    const hash = createHash('sha256').update(`image ${image}`).digest('hex')
    parts[Number.parseInt(hash.slice(0, 12), 16) % shards].push(image)
  }
  return parts
}

/** Runs the arrays one after the other on `nodes`; every image has its own time per step, the same for any number of nodes. */
export function simulate(
  times: StepTimes,
  { images, shards, nodes, seed = 1 }: { images: number; shards: number; nodes: number; seed?: number },
): Simulated {
  const rng = createRng(seed)
  const parts = shardSizes(images, shards)
  let now = 0
  let work = 0
  for (const step of STEPS) {
    const samples = times.rows[step]
    const own = Array.from({ length: images }, () => samples[Math.floor(rng.uniform() * samples.length)])
    work += own.reduce((sum, seconds) => sum + seconds, 0)
    const free = new Array<number>(nodes).fill(now)
    let dispatched = now
    let end = now
    for (const part of parts) {
      const node = free.indexOf(Math.min(...free))
      const begin = Math.max(free[node], dispatched)
      dispatched = begin + times.dispatch
      const busy = part.reduce((sum, image) => sum + own[image], 0)
      // A shard without rows ends in its first lines of shell.
      const overhead = times.launch + (part.length > 0 ? times.start + times.read * images : 0)
      free[node] = begin + overhead + busy
      end = Math.max(end, free[node])
    }
    now = end + times.launch + times.start + times.collect * images
  }
  return { makespan: now, efficiency: work / (nodes * now) }
}

/** Each cause of loss taken away alone: what the efficiency would be without it. */
const WITHOUT: Record<string, (times: StepTimes) => StepTimes> = {
  'starting tasks': times => ({ ...times, launch: 0, start: 0, dispatch: 0 }),
  'reading the table in every task': times => ({ ...times, read: 0 }),
  collecting: times => ({ ...times, collect: 0 }),
}

const percent = (share: number) =>
  `${Math.max(0, Math.round(100 * share))
    .toString()
    .padStart(3)} %`

function print(times: StepTimes, images: number): void {
  const nodeCounts = [1, 2, 4, 8, 16, 32, 64, 128, 256]
  const shardCounts = [64, 256, 1024]
  console.log(`${images} images: efficiency by nodes and shards`)
  console.log(
    `nodes   ${shardCounts.map(shards => `${shards} shards`.padStart(12)).join('')}      lost at ${shardCounts.at(-1)} shards to`,
  )
  for (const nodes of nodeCounts) {
    const cells = shardCounts.map(shards =>
      percent(simulate(times, { images, shards, nodes }).efficiency).padStart(12),
    )
    const shards = shardCounts.at(-1)!
    const { efficiency } = simulate(times, { images, shards, nodes })
    const losses = Object.entries(WITHOUT).map(([cause, change]) => {
      const gain = simulate(change(times), { images, shards, nodes }).efficiency - efficiency
      return `${cause} ${percent(gain).trim()}`
    })
    const none = Object.values(WITHOUT).reduce((changed, change) => change(changed), times)
    const waiting = 1 - simulate(none, { images, shards, nodes }).efficiency
    console.log(
      `${String(nodes).padStart(5)}   ${cells.join('')}      ${losses.join(', ')}, waiting ${percent(waiting).trim()}`,
    )
  }
}

/**
 * Core-seconds per image of `infer` and `metrics`, each image on its own in this process, as used by the processor: what
 * else the machine does is not in them.
 */
async function record(folder: string): Promise<Pick<StepTimes['rows'], 'infer' | 'metrics'>> {
  const home = await mkdtemp(join(tmpdir(), 'mirage-times-'))
  const rows: Pick<StepTimes['rows'], 'infer' | 'metrics'> = { infer: [], metrics: [] }
  const seconds = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const before = process.cpuUsage()
    const result = await work()
    const { user, system } = process.cpuUsage(before)
    return [result, Number(((user + system) / 1e6).toPrecision(4))]
  }
  try {
    const names = (await readdir(join(folder, 'lr'))).filter(name => name.endsWith('.png')).sort()
    for (const name of names) {
      const files = { lr: join(folder, 'lr', name), gt: join(folder, 'hr', name), scale: 4, as: 't' }
      const loaded = await runStep(triplets, files, stepContext(home))
      const model = { of: 't', model: 'realesr-general-x4v3' }
      const [enlarged, infers] = await seconds(() =>
        runStep(infer, model, stepContext(home, { t: loaded.value! })),
      )
      const use = { of: 't', use: ['psnr', 'ssim', 'lr-consistency'] }
      const [, measures] = await seconds(() =>
        runStep(metrics, use, stepContext(home, { t: enlarged.value! })),
      )
      rows.infer.push(infers)
      rows.metrics.push(measures)
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
  // The first one also compiled the code that it ran.
  return { infer: rows.infer.slice(1), metrics: rows.metrics.slice(1) }
}

const TIMES = 'bench/cluster-times.json'

if (import.meta.main) {
  const [command, folder] = process.argv.slice(2)
  const known = JSON.parse(readFileSync(TIMES, 'utf8')) as StepTimes
  if (command === 'record') {
    const rows = { ...known.rows, ...(await record(folder)) }
    writeFileSync(TIMES, `${JSON.stringify({ ...known, rows }, null, 1)}\n`)
  } else for (const images of [1000, 10_000, 100_000]) print(known, images)
}
