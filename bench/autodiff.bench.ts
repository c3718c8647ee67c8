// Training steps on onnxruntime against PyTorch eager, two threads each, in turns within one run: medians of all rounds.
// Figures are ratios (ours over PyTorch), because absolute times say more about the machine than about the code.
//
// usage: autodiff.bench.ts [case ...]; the interpreter of PyTorch is $PYTHON, python3 by default.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { ADAPTERS } from '../src/kernel/autodiff/adapters/index.ts'
import { foldConstants } from '../src/kernel/autodiff/constants.ts'
import { differentiate } from '../src/kernel/autodiff/differentiate.ts'
import { stepGraph } from '../src/kernel/autodiff/step-graph.ts'
import { embeddedModels } from '../src/kernel/models/folder.ts'
import type { Graph } from '../src/kernel/onnx/graph.ts'
import { readGraph } from '../src/kernel/onnx/read.ts'
import { writeGraph } from '../src/kernel/onnx/write.ts'
import { createRng } from '../src/kernel/stats/resampling/rng.ts'
import { visionTransformer } from './networks.ts'

interface Case {
  network: string
  adapter: string
  batch: number
  crop: number
  rounds: number
  /** Largest ratio of times that was aimed at. */
  goal: number
}

const CASES: Case[] = [
  { network: 'realesr-general-x4v3', adapter: 'lora', batch: 4, crop: 32, rounds: 10, goal: 0.8 },
  { network: 'realesr-general-x4v3', adapter: 'all', batch: 4, crop: 32, rounds: 10, goal: 1 },
  { network: 'realesrgan-x4plus', adapter: 'lora', batch: 1, crop: 32, rounds: 5, goal: 0.9 },
  { network: 'realesrgan-x4plus', adapter: 'all', batch: 1, crop: 32, rounds: 5, goal: 1.2 },
  { network: 'vit-s', adapter: 'image', batch: 1, crop: 224, rounds: 8, goal: 1 },
]
const nameOf = ({ network, adapter }: Case) => `${network}/${adapter}`

/** The graph of one step, and its feeds by name: a size and how to fill it. */
function build({ network, adapter, batch, crop }: Case): Graph {
  if (network === 'vit-s') {
    return differentiate(visionTransformer(), {
      dims: { image: [batch, 3, crop, crop] },
      loss: 'loss',
      wrt: ['image'],
    })
  }
  const graph = foldConstants(readGraph(readFileSync(join(embeddedModels(), `${network}.onnx`))))
  const adapted =
    adapter === 'lora'
      ? ADAPTERS.lora.apply(graph, ADAPTERS.lora.settings.parse({ rank: 8 }), createRng(1))
      : ADAPTERS.all.apply(graph, { target: [] }, createRng(1))
  const spec = {
    trainee: {
      graph,
      manifest: { id: network, scale: 4, layout: 'nchw', colour: 'rgb', range: '0..1' } as const,
    },
    adapted,
    terms: [{ name: 'l1', loss: 'l1', settings: {} }],
    networks: {},
    batch,
    crop,
  }
  return stepGraph(spec, { optimiser: { name: 'adam', settings: {} }, accumulate: 1 }).graph
}

const options: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 2,
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
}

/** A process of its own builds and saves, so that the one that runs has the memory of a training that goes on. */
async function buildChild(each: Case, folder: string): Promise<void> {
  const start = performance.now()
  const graph = build(each)
  const built = performance.now()
  const saved = { ...options, optimizedModelFilePath: join(folder, 'step.onnx') }
  await InferenceSession.create(writeGraph(graph), saved)
  const inputs = graph.inputs.map(({ name, dims }) => ({ name, dims }))
  writeFileSync(join(folder, 'step.json'), JSON.stringify({ inputs }))
  console.log(
    JSON.stringify({ nodes: graph.nodes.length, build: built - start, create: performance.now() - built }),
  )
}

async function runChild(folder: string): Promise<void> {
  const { inputs } = JSON.parse(readFileSync(join(folder, 'step.json'), 'utf8')) as {
    inputs: { name: string; dims: number[] }[]
  }
  const start = performance.now()
  const session = await InferenceSession.create(join(folder, 'step.onnx'), {
    ...options,
    graphOptimizationLevel: 'disabled',
  })
  console.log(`ready ${performance.now() - start}`)
  const random = createRng(2)
  const size = (dims: number[]) => dims.reduce((a, b) => a * b, 1)
  let feeds: Record<string, Tensor> = Object.fromEntries(
    inputs.map(({ name, dims }) => {
      const scale = name === 'state/theta' ? 0.05 : name === 'rate' ? 1e-4 : name.startsWith('state/') ? 0 : 1
      const data = Float32Array.from({ length: size(dims) }, () => scale * random.uniform())
      return [name, new Tensor('float32', data, dims)]
    }),
  )
  for await (const _ of createInterface({ input: process.stdin })) {
    const before = performance.now()
    const outputs = await session.run(feeds)
    console.log(performance.now() - before, process.resourceUsage().maxRSS / 1024)
    const next = Object.entries(outputs).filter(([name]) => name.startsWith('next/'))
    feeds = {
      ...feeds,
      ...Object.fromEntries(next.map(([name, value]) => [name.replace('next/', 'state/'), value])),
    }
  }
}

interface Worker {
  child: ChildProcess
  ready: number
  step(): Promise<{ milliseconds: number; megabytes: number }>
}

async function start(command: string, args: string[]): Promise<Worker> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const read = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${command} ended`)
    return String(value).split(' ')
  }
  const [, ready] = await read()
  return {
    child,
    ready: Number(ready),
    step: async () => {
      child.stdin!.write('\n')
      const [milliseconds, megabytes] = (await read()).map(Number)
      return { milliseconds, megabytes }
    },
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]

async function compare(each: Case, python: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-bench-'))
  const workers: Worker[] = []
  try {
    const made = spawnSync(process.execPath, [import.meta.filename, 'build', nameOf(each), folder], {
      encoding: 'utf8',
    })
    if (made.status !== 0) throw new Error(made.stderr)
    const { nodes, build, create } = JSON.parse(made.stdout) as Record<string, number>
    workers.push(await start(process.execPath, [import.meta.filename, 'run', folder]))
    const { network, adapter, batch, crop } = each
    if (python)
      workers.push(await start(python, ['bench/autodiff.py', network, adapter, `${batch}`, `${crop}`]))
    const times = workers.map((): number[] => [])
    const memory = workers.map(() => 0)
    for (let round = -1; round < each.rounds; round++) {
      for (const [i, worker] of workers.entries()) {
        for (let k = 0; k < 2; k++) {
          const { milliseconds, megabytes } = await worker.step()
          if (round >= 0) times[i].push(milliseconds)
          memory[i] = megabytes
        }
      }
    }
    const [ours, theirs] = times.map(median)
    console.log(
      `${nameOf(each)}, batch ${batch}: ${nodes} nodes; built in ${(build / 1000).toFixed(1)} s, optimised in ${(create / 1000).toFixed(1)} s, reloaded in ${(workers[0].ready / 1000).toFixed(1)} s`,
    )
    if (theirs === undefined) console.log(`  ${ours.toFixed(0)} ms a step, ${memory[0].toFixed(0)} MB`)
    else {
      const least = Math.min(...times[0]) / Math.min(...times[1])
      console.log(
        `  time ${(ours / theirs).toFixed(2)} of PyTorch's (goal ${each.goal}; ratio of the fastest steps ${least.toFixed(2)}): ${ours.toFixed(0)} ms against ${theirs.toFixed(0)} ms`,
      )
      console.log(
        `  peak memory ${(memory[0] / memory[1]).toFixed(2)} of PyTorch's: ${memory[0].toFixed(0)} MB against ${memory[1].toFixed(0)} MB`,
      )
    }
  } finally {
    for (const { child } of workers) child.kill()
    rmSync(folder, { recursive: true })
  }
}

const [mode, ...rest] = process.argv.slice(2)
if (mode === 'build') await buildChild(CASES.find(each => nameOf(each) === rest[0])!, rest[1])
else if (mode === 'run') await runChild(rest[0])
else {
  const interpreter = process.env.PYTHON ?? 'python3'
  const python = spawnSync(interpreter, ['-c', 'import torch']).status === 0 ? interpreter : undefined
  if (!python) console.log(`no torch for ${interpreter}, so nothing to compare with`)
  const asked = process.argv.slice(2)
  for (const each of CASES)
    if (asked.length === 0 || asked.includes(nameOf(each))) await compare(each, python)
}
