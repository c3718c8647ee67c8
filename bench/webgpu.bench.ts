// Gradients of the test networks on WebGPU (a software driver will do) against float64: the largest difference, relative to
// the largest gradient, and the operators that the provider left to the CPU.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession } from 'onnxruntime-node'
import { ADAPTERS } from '../src/kernel/autodiff/adapters/index.ts'
import { differentiate } from '../src/kernel/autodiff/differentiate.ts'
import { fromTensor, type NdArray, toTensor } from '../src/kernel/autodiff/reference/array.ts'
import { evaluate } from '../src/kernel/autodiff/reference/index.ts'
import type { Graph } from '../src/kernel/onnx/graph.ts'
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
import { array, ortTensor, relativeError } from '../test/unit/autodiff/numbers.ts'

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
for (const [name, make] of Object.entries({ compact, dense, transformer, windows, diffusion, inception })) {
  const { graph: forward, input } = make()
  const graph = withLoss(forward)
  const { trained } = ADAPTERS.all.apply(graph, { target: [] }, createRng(1))
  const wrt = [...trained, 'image']
  const random = createRng(9)
  const count = input.reduce((a, b) => a * b)
  const feeds: Record<string, NdArray> = {
    image: array(
      input,
      Array.from({ length: count }, () => random.uniform()),
    ),
  }
  for (const weight of trained) feeds[weight] = fromTensor(graph.initializers.get(weight)!)
  const backward = differentiate(graph, { dims: { image: input }, loss: 'loss', wrt })
  const exact = evaluate(backward, feeds)
  const largest = Math.max(...wrt.map(each => Math.max(...exact[`grad/${each}`].data.map(Math.abs))))
  const { outputs, onCpu } = await onWebGpu(backward, feeds).catch((error: Error) => {
    console.log(`no WebGPU here: ${error.message.split('\n')[0]}`)
    process.exit(0)
  })
  const errors = wrt.map(each =>
    relativeError(outputs[`grad/${each}`].data as Float32Array, exact[`grad/${each}`].data, largest),
  )
  const worst = Math.max(...errors)
  failed ||= !(worst < GOAL)
  console.log(
    `${name}: ${worst.toExponential(1)} (goal ${GOAL}); on the CPU: ${onCpu.join(', ') || 'nothing'}`,
  )
}
process.exit(failed ? 1 : 0)
