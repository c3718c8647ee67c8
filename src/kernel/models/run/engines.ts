import { openDiffusion } from '../diffusion/engine.ts'
import type { Pipeline } from '../diffusion/pipeline.ts'
import type { ModelManifest } from '../manifest.ts'
import { type Endpoint, endpointEngine } from '../outside/endpoint.ts'
import type { ProviderName } from '../providers.ts'
import type { Engine } from './engine.ts'
import { interpolationEngine } from './interpolation-engine.ts'
import { openNetwork } from './network-engine.ts'

/** A model whose files were found. */
export interface EngineModel {
  manifest: ModelManifest
  /** ONNX file; null for interpolation and for a pipeline. */
  path: string | null
  /** sha256 of the file; of the settings, and all files, of what is not one file. */
  sha256: string
  /** sha256 over the files beside it that hold its large tensors. */
  data?: string
  pipeline?: Pipeline
  endpoint?: Endpoint
}

/**
 * Loads a model.
 *
 * @param signal ends calls to an endpoint that are under way
 */
export function openEngine(model: EngineModel, provider: ProviderName, signal: AbortSignal): Promise<Engine> {
  const { manifest, path, sha256, data, pipeline, endpoint } = model
  if (endpoint) return Promise.resolve(endpointEngine(endpoint, manifest, signal))
  if (pipeline) return openDiffusion(pipeline, provider)
  if (path === null) return Promise.resolve(interpolationEngine(manifest.scale))
  return openNetwork({ path, sha256, data }, manifest, provider)
}
