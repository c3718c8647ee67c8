import type { InferenceSession } from 'onnxruntime-node'
import { PROVIDERS, type ProviderName } from '../providers.ts'

/**
 * Options of every inference session. Threads spin only while a network runs: threads of an idle session that spin on
 * take the cores from the one that works, from decoding and from encoding (with three sessions in turns on two cores a
 * run took 1.7 times as long). No memory pattern: it is kept per input shape, and tiles come in several.
 */
export function sessionOptions(provider: ProviderName): InferenceSession.SessionOptions {
  return {
    executionProviders: [PROVIDERS[provider].runtimeName],
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1' } },
  }
}
