import type { StrategyName } from '../../autodiff/sampling/strategies.ts'
import { MirageError } from '../../errors.ts'
import type { ResolvedModel } from '../../models/resolve.ts'
import type { TrainSettings } from '../../train/settings.ts'
import { chosen, type Params } from './params.ts'

/**
 * What of a model is trained: its one network, or the denoiser of a diffusion model.
 *
 * @throws MirageError `model-untrainable`
 */
export function traineeOf(
  { path, sha256, data, manifest, pipeline }: ResolvedModel,
  { sampling }: Pick<Params, 'sampling'>,
): Pick<TrainSettings, 'model' | 'sampling'> {
  if (
    data !== undefined ||
    [pipeline?.encoder, pipeline?.denoiser, pipeline?.decoder].some(file => file?.data)
  )
    throw untrainable(manifest.id, 'keeps its weights in files of their own', 'Save it as one ONNX file.')
  if (pipeline) {
    const { denoiser, ...rest } = pipeline
    const strategy = chosen(sampling)
    return {
      model: { path: denoiser.path, sha256, manifest },
      sampling: {
        strategy: { name: strategy.name as StrategyName, settings: strategy.settings },
        pipeline: rest,
      },
    }
  }
  if (path !== null) return { model: { path, sha256, manifest } }
  throw untrainable(
    manifest.id,
    'is not one ONNX file, so there is nothing to tune',
    'Tune a network, or a diffusion model of ONNX files.',
  )
}

function untrainable(id: string, why: string, remedy: string): MirageError {
  return new MirageError({ code: 'model-untrainable', message: `"${id}" ${why}.`, remedy })
}
