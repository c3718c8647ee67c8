import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import type { Graph } from '../onnx/graph.ts'
import { writeGraph } from '../onnx/write.ts'
import type { TrainSettings } from './settings.ts'

type Open<S> = (graph: string | Uint8Array, optimization: 'all' | 'disabled', saveTo?: string) => Promise<S>

/**
 * A session from a kept file, or from a graph that is built now and kept. `optimised` keeps what the runtime made of it,
 * which holds for this processor only. A kept file that does not load is made again.
 */
export async function cached<S>(
  path: string,
  optimised: boolean,
  build: () => Promise<Graph>,
  open: Open<S>,
): Promise<S> {
  if (existsSync(path)) {
    try {
      return await open(path, optimised ? 'disabled' : 'all')
    } catch {
      await rm(path, { force: true })
    }
  }
  const graph = writeGraph(await build())
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const session = await open(graph, 'all', optimised ? temporary : undefined)
    if (optimised) await rename(temporary, path)
    return session
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** What decides a graph besides the model and what is trained of it. */
export function graphKey({ networks, seed, provider }: TrainSettings): object {
  return {
    networks: Object.entries(networks).map(([name, { sha256, manifest, channelWeights }]) => [
      name,
      sha256,
      manifest,
      channelWeights,
    ]),
    start: seed,
    provider: [provider, cpus()[0]?.model ?? ''],
  }
}
