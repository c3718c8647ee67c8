// Training steps on onnxruntime against PyTorch eager, two threads each, in turns within one run: medians of all rounds.
// Figures are ratios (ours over PyTorch), because absolute times say more about the machine than about the code.
// With --webgpu the steps run on a GPU: WebGPU, with the state kept on the device, against PyTorch on CUDA, and against
// our own on the CPU.
//
// usage: autodiff.bench.ts [--webgpu] [case ...]; the interpreter of PyTorch is $PYTHON, python3 by default.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
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

type Provider = 'cpu' | 'webgpu'

const options: InferenceSession.SessionOptions = {
  intraOpNumThreads: 2,
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { force_spinning_stop: '1' } },
}

/** The graph as written, for WebGPU; as optimised for this processor, for the CPU. */
const fileOf = (folder: string, provider: Provider) => join(folder, `${provider}.onnx`)

/** A process of its own builds and saves, so that the one that runs has the memory of a training that goes on. */
async function buildChild(each: Case, folder: string): Promise<void> {
  const start = performance.now()
  const graph = build(each)
  const built = performance.now()
  const bytes = writeGraph(graph)
  writeFileSync(fileOf(folder, 'webgpu'), bytes)
  await InferenceSession.create(bytes, { ...options, optimizedModelFilePath: fileOf(folder, 'cpu') })
  const inputs = graph.inputs.map(({ name, dims }) => ({ name, dims }))
  const outputs = graph.outputs.map(({ name }) => name)
  writeFileSync(join(folder, 'step.json'), JSON.stringify({ inputs, outputs }))
  console.log(
    JSON.stringify({ nodes: graph.nodes.length, build: built - start, create: performance.now() - built }),
  )
}

async function runChild(folder: string, provider: Provider): Promise<void> {
  const { inputs, outputs } = JSON.parse(readFileSync(join(folder, 'step.json'), 'utf8')) as {
    inputs: { name: string; dims: number[] }[]
    outputs: string[]
  }
  const start = performance.now()
  // Where the state stays on the device; the loss is read, so a step has ended when its run has.
  const kept = outputs.filter(name => name.startsWith('next/'))
  const location = Object.fromEntries(kept.map(name => [name, 'gpu-buffer' as const]))
  const session = await InferenceSession.create(fileOf(folder, provider), {
    ...options,
    executionProviders: [provider],
    ...(provider === 'cpu' ? { graphOptimizationLevel: 'disabled' } : { preferredOutputLocation: location }),
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
    const next = kept.map(name => [name.replace('next/', 'state/'), outputs[name]] as const)
    for (const [name] of next) feeds[name].dispose()
    feeds = { ...feeds, ...Object.fromEntries(next) }
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

interface Contestant {
  label: string
  worker: Worker
}

/** Those that take the steps; ours is the first. */
async function contestants(
  { network, adapter, batch, crop }: Case,
  folder: string,
  python: string | undefined,
  provider: Provider,
): Promise<Contestant[]> {
  const ours = (on: Provider) => start(process.execPath, [import.meta.filename, 'run', folder, on])
  const theirs = (device: string) =>
    start(python!, ['bench/autodiff.py', network, adapter, `${batch}`, `${crop}`, device])
  if (provider === 'cpu') {
    const first = { label: 'onnxruntime', worker: await ours('cpu') }
    return python ? [first, { label: 'PyTorch', worker: await theirs('cpu') }] : [first]
  }
  return [
    { label: 'WebGPU', worker: await ours('webgpu') },
    ...(python ? [{ label: 'PyTorch on CUDA', worker: await theirs('cuda') }] : []),
    { label: 'the CPU', worker: await ours('cpu') },
  ]
}

async function compare(each: Case, python: string | undefined, provider: Provider): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-bench-'))
  let all: Contestant[] = []
  try {
    const made = spawnSync(process.execPath, [import.meta.filename, 'build', nameOf(each), folder], {
      encoding: 'utf8',
    })
    if (made.status !== 0) throw new Error(made.stderr)
    const { nodes, build, create } = JSON.parse(made.stdout) as Record<string, number>
    all = await contestants(each, folder, python, provider)
    const times = all.map((): number[] => [])
    const memory = all.map(() => 0)
    for (let round = -1; round < each.rounds; round++) {
      for (const [i, { worker }] of all.entries()) {
        for (let k = 0; k < 2; k++) {
          const { milliseconds, megabytes } = await worker.step()
          if (round >= 0) times[i].push(milliseconds)
          memory[i] = megabytes
        }
      }
    }
    const medians = times.map(median)
    const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`
    console.log(
      `${nameOf(each)}, batch ${each.batch}: ${nodes} nodes; built in ${seconds(build)}, optimised in ${seconds(create)}, reloaded in ${seconds(all[0].worker.ready)}`,
    )
    console.log(`  ${all[0].label}: ${medians[0].toFixed(1)} ms a step, peak ${memory[0].toFixed(0)} MB`)
    for (const [i, { label }] of all.entries()) {
      if (i === 0) continue
      const least = Math.min(...times[0]) / Math.min(...times[i])
      const goal = provider === 'cpu' ? `goal ${each.goal}; ` : ''
      console.log(
        `  time ${(medians[0] / medians[i]).toFixed(2)} of ${label}'s (${goal}ratio of the fastest steps ${least.toFixed(2)}), which takes ${medians[i].toFixed(1)} ms; peak memory of the process ${(memory[0] / memory[i]).toFixed(2)} of its ${memory[i].toFixed(0)} MB`,
      )
    }
  } finally {
    for (const { worker } of all) worker.child.kill()
    rmSync(folder, { recursive: true })
  }
}

const [mode, ...rest] = process.argv.slice(2)
if (mode === 'build') await buildChild(CASES.find(each => nameOf(each) === rest[0])!, rest[1])
else if (mode === 'run') await runChild(rest[0], rest[1] as Provider)
else {
  const { values, positionals } = parseArgs({
    options: { webgpu: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const interpreter = process.env.PYTHON ?? 'python3'
  const python = spawnSync(interpreter, ['-c', 'import torch']).status === 0 ? interpreter : undefined
  if (!python) console.log(`no torch for ${interpreter}, so nothing to compare with`)
  for (const each of CASES)
    if (positionals.length === 0 || positionals.includes(nameOf(each)))
      await compare(each, python, values.webgpu ? 'webgpu' : 'cpu')
}
