import type { InferenceSession } from 'onnxruntime-node'
import { PROVIDERS, type ProviderName } from '../providers.ts'

/**
 * Options of every inference session. Threads do not spin while they wait: with several sessions in one process that
 * makes runs 2-10 times slower, and decoding and encoding need the cores. No memory pattern: it is kept per input shape,
 * and tiles come in several.
 */
export function sessionOptions(provider: ProviderName): InferenceSession.SessionOptions {
  return {
    executionProviders: [PROVIDERS[provider].runtimeName],
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  }
}
