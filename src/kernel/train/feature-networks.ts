import { readFile } from 'node:fs/promises'
import { foldConstants } from '../autodiff/constants.ts'
import type { FeatureNetwork } from '../autodiff/losses/index.ts'
import { readGraph } from '../onnx/read.ts'
import type { TrainSettings } from './settings.ts'

/** The feature networks of a training as graphs. */
export async function readNetworks(
  networks: TrainSettings['networks'],
): Promise<Record<string, FeatureNetwork>> {
  const read = Object.entries(networks).map(async ([name, { manifest, onnx, channelWeights }]) => {
    const graph = foldConstants(readGraph(await readFile(onnx)))
    return [name, { manifest, graph, ...(channelWeights && { channelWeights }) }] as const
  })
  return Object.fromEntries(await Promise.all(read))
}
