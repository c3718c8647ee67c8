import type { ModelManifest } from '../../models/manifest.ts'
import { floatTensor } from '../../models/run/float-tensor.ts'
import { type ModelFile, SESSIONS } from '../../models/run/session-pool.ts'
import { tensorDims } from '../../models/run/tensors.ts'
import type { JobDefinition } from './definition.ts'

export interface MeasureScaleParams {
  file: ModelFile
  form: Pick<ModelManifest, 'layout' | 'colour' | 'range'>
}

/** Sides to try, for networks that refuse some. */
const SIDES = [32, 64, 128]

/** The SR to LR side ratio of a network, found by running it on a small image; null where it does not run. */
export const measureScale: JobDefinition<MeasureScaleParams, number | null> = {
  async run({ file, form }) {
    const { session, end } = await SESSIONS.lease(file, 'cpu')
    try {
      const metadata = session.inputMetadata[0]
      if (!metadata.isTensor || !['float32', 'float16'].includes(metadata.type)) return null
      const axis = form.layout === 'nchw' ? 2 : 1
      for (const side of SIDES) {
        const dims = tensorDims(form, side, side)
        const input = floatTensor(metadata.type, new Float32Array(dims.reduce((a, b) => a * b)), dims)
        try {
          const output = (await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]]
          const scale = output.dims[axis] / side
          return Number.isInteger(scale) ? scale : null
        } catch {
          // Refused at this size; a larger one may do.
        }
      }
      return null
    } finally {
      await end()
    }
  },
}
