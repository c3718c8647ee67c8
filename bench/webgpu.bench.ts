// Gradients of the test networks, and of a training step with every loss, on WebGPU against float64, and those of the
// embedded models, which are too large for float64, against the CPU: the largest difference, relative to the largest
// gradient, and the operators that the provider left to the CPU. A software driver will
// do: Mesa's lavapipe from 25 on (Debian 12: mesa-vulkan-drivers of bookworm-backports), chosen with VK_ICD_FILENAMES.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession } from 'onnxruntime-node'
import { ADAPTERS } from '../src/kernel/autodiff/adapters/index.ts'
import { weightsOf } from '../src/kernel/autodiff/adapters/weights.ts'
import { foldConstants } from '../src/kernel/autodiff/constants.ts'
import { differentiate } from '../src/kernel/autodiff/differentiate.ts'
import { LOSSES } from '../src/kernel/autodiff/losses/index.ts'
import { fromTensor, type NdArray, toTensor } from '../src/kernel/autodiff/reference/array.ts'
import { evaluate } from '../src/kernel/autodiff/reference/index.ts'
import { stepGraph } from '../src/kernel/autodiff/step-graph.ts'
import { networkManifest } from '../src/kernel/metrics/features/network.ts'
import { embeddedModels } from '../src/kernel/models/folder.ts'
import type { Graph } from '../src/kernel/onnx/graph.ts'
import { readGraph } from '../src/kernel/onnx/read.ts'
import { writeGraph } from '../src/kernel/onnx/write.ts'
import { createRng } from '../src/kernel/stats/resampling/rng.ts'
import {
  compact,
  dense,
  diffusion,
  inception,
  transformer,
  windows,
  withLoss,
} from '../test/unit/autodiff/networks.ts'
import { array, openNative, ortTensor, relativeError } from '../test/unit/autodiff/numbers.ts'

const GOAL = 1e-5

async function onWebGpu(graph: Graph, feeds: Record<string, NdArray>) {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-webgpu-'))
  try {
    const session = await InferenceSession.create(writeGraph(graph), {
      executionProviders: ['webgpu'],
      logSeverityLevel: 3,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    })
    const inputs = session.inputNames.map(name => [name, ortTensor(toTensor(feeds[name]))])
    const outputs = await session.run(Object.fromEntries(inputs))
    session.endProfiling()
    const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), 'utf8')) as {
      name: string
      args?: { op_name?: string; provider?: string }
    }[]
    const onCpu = events.flatMap(({ name, args }) =>
      name.endsWith('_kernel_time') && args?.provider === 'CPUExecutionProvider' ? [args.op_name ?? ''] : [],
    )
    await session.release()
    return { outputs, onCpu: [...new Set(onCpu)] }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

let failed = false

type Numbers = ArrayLike<number> & Iterable<number>

async function compare(
  name: string,
  graph: Graph,
  feeds: Record<string, NdArray>,
  names: string[],
  exact: Record<string, Numbers> = inFloat64(graph, feeds),
) {
  let largest = 0
  for (const each of names) for (const value of exact[each]) largest = Math.max(largest, Math.abs(value))
  const { outputs, onCpu } = await onWebGpu(graph, feeds).catch((error: Error) => {
    console.log(`no WebGPU here: ${error.message.split('\n')[0]}`)
    process.exit(0)
  })
  const errors = names.map(each => relativeError(outputs[each].data as Float32Array, exact[each], largest))
  const worst = Math.max(...errors)
  failed ||= !(worst < GOAL)
  console.log(
    `${name}: ${worst.toExponential(1)} (goal ${GOAL}); on the CPU: ${onCpu.join(', ') || 'nothing'}`,
  )
}

function inFloat64(graph: Graph, feeds: Record<string, NdArray>): Record<string, Numbers> {
  return Object.fromEntries(Object.entries(evaluate(graph, feeds)).map(([name, { data }]) => [name, data]))
}

const random = createRng(9)
const uniform = (dims: readonly number[]) =>
  array(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.uniform()),
  )

for (const [name, make] of Object.entries({ compact, dense, transformer, windows, diffusion, inception })) {
  const { graph: forward, input } = make()
  const graph = withLoss(forward)
  const { trained } = ADAPTERS.all.apply(graph, { target: [] }, createRng(1))
  const wrt = [...trained, 'image']
  const feeds: Record<string, NdArray> = { image: uniform(input) }
  for (const weight of trained) feeds[weight] = fromTensor(graph.initializers.get(weight)!)
  const backward = differentiate(graph, { dims: { image: input }, loss: 'loss', wrt })
  await compare(
    name,
    backward,
    feeds,
    wrt.map(each => `grad/${each}`),
  )
}

/** Sides of the image in pixels; a software driver has to get through them. */
const EMBEDDED = {
  'realesr-general-x4v3': 12,
  'realesrgan-x4plus': 8,
  'rrdn-thick-x4': 8,
  'imagenet-inception': 75,
  'imagenet-mobilenet': 32,
}

for (const [id, side] of Object.entries(EMBEDDED)) {
  const forward = foldConstants(readGraph(readFileSync(join(embeddedModels(), `${id}.onnx`))))
  const graph = withLoss(forward)
  const weights = weightsOf(graph).map(({ name }) => name)
  const input = graph.inputs[0].name
  const wrt = [input, weights[0], weights[weights.length >> 1], weights.at(-1)!]
  const feeds: Record<string, NdArray> = { [input]: uniform([1, 3, side, side]) }
  for (const weight of wrt.slice(1)) feeds[weight] = fromTensor(graph.initializers.get(weight)!)
  const backward = differentiate(graph, { dims: { [input]: [1, 3, side, side] }, loss: 'loss', wrt })
  const session = await openNative(backward, 'basic')
  const onCpu = await session.run(feeds)
  await session.end()
  await compare(
    `${id} (against the CPU)`,
    backward,
    feeds,
    wrt.map(each => `grad/${each}`),
    onCpu,
  )
}

/** A step by plain descent at rate 1, whose gradient is cut to length 1: the weights move by it. */
function stepWithEveryLoss(): { graph: Graph; feeds: Record<string, NdArray> } {
  const network = {
    graph: inception().graph,
    manifest: networkManifest.parse({
      name: 'maps',
      form: 'lpips',
      taps: ['maxpool', 'concat'].map(output => ({ output, layout: 'nchw', weight: 0.5 })),
    }),
  }
  const { graph } = compact()
  const adapted = ADAPTERS.lora.apply(graph, ADAPTERS.lora.settings.parse({ rank: 2 }), createRng(1))
  const names = [...Object.keys(LOSSES).filter(name => name !== 'proxy'), 'inception']
  const terms = names.map(name => ({ name, loss: name, settings: {} }))
  const manifest = { id: 'compact', scale: 2, layout: 'nchw', colour: 'rgb', range: '0..1' } as const
  const spec = { trainee: { graph, manifest }, adapted, terms, networks: { inception: network } }
  const update = {
    optimiser: { name: 'sgd' as const, settings: { momentum: 0 } },
    clip: 1,
    accumulate: 1,
    ema: 0.5,
  }
  const step = stepGraph({ ...spec, batch: 2, crop: 12 }, update)
  const { theta } = step.state
  // Moved from the start, so that distances to what was before training are not zero.
  const moved = array(
    [theta.length],
    [...theta].map(value => value + 0.1 * random.uniform()),
  )
  const feeds: Record<string, NdArray> = {
    'state/theta': moved,
    'state/ema': moved,
    lr: uniform([2, 3, 12, 12]),
    gt: uniform([2, 3, 24, 24]),
    weights: array(
      [names.length],
      names.map(() => 1),
    ),
    rate: array([], [1]),
    step: array([], [1]),
  }
  return { graph: step.graph, feeds }
}

const step = stepWithEveryLoss()
await compare('a step with every loss', step.graph, step.feeds, ['next/theta'])
await compare('the values of every loss', step.graph, step.feeds, ['terms'])
process.exit(failed ? 1 : 0)
