import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { ProviderState } from '../../models/providers.ts'
import { missingLibrary, type ProviderName } from '../../models/providers.ts'
import { sessionOptions } from '../../models/run/session-options.ts'
import { GraphBuilder } from '../../onnx/builder.ts'
import { writeGraph } from '../../onnx/write.ts'
import type { JobDefinition } from './definition.ts'

const CHANNELS = 64
const SIDE = 128

/** Runs a small convolution on one provider, and says whether the numbers are right and how long it took. */
export const probe: JobDefinition<{ provider: ProviderName }, ProviderState> = {
  async run({ provider: name }) {
    const missing = missingLibrary(name)
    if (missing) return { name, works: false, reason: `${missing} is not installed` }
    try {
      const session = await InferenceSession.create(convolution(), sessionOptions(name))
      const input = new Tensor('float32', new Float32Array(CHANNELS * SIDE * SIDE).fill(1), [
        1,
        CHANNELS,
        SIDE,
        SIDE,
      ])
      const { output } = await session.run({ input })
      const start = performance.now()
      await session.run({ input })
      const milliseconds = performance.now() - start
      // Each inner pixel sums 64 channels x 9 taps of 1/576.
      const centre = (output.data as Float32Array)[(SIDE / 2) * SIDE + SIDE / 2]
      await session.release()
      if (Math.abs(centre - 1) > 1e-3)
        return { name, works: false, reason: `it computed ${centre} where 1 is right` }
      return { name, works: true, milliseconds }
    } catch (error) {
      return { name, works: false, reason: firstLine(error) }
    }
  },
}

function convolution(): Uint8Array {
  const builder = new GraphBuilder('probe')
  const dims = [1, CHANNELS, SIDE, SIDE]
  const input = builder.input('input', 'float32', dims)
  const weights = new Float32Array(CHANNELS * CHANNELS * 9).fill(1 / (CHANNELS * 9))
  const kernel = builder.floats('kernel', weights, [CHANNELS, CHANNELS, 3, 3])
  builder.node('Conv', [input, kernel], { pads: { ints: [1, 1, 1, 1] } }, 'output')
  builder.output('output', 'float32', dims)
  return writeGraph(builder.graph)
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // The runtime puts the path of its own source before the sentence.
  return text
    .trim()
    .split('\n')[0]
    .replace(/^.*? was false\. /, '')
}
