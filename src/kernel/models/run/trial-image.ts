import type { DecodedSamples } from '../../images/decode.ts'
import type { ModelManifest } from '../manifest.ts'

/** A grey square to try a model on: of the side that is asked for, or of the next larger one that the model takes. */
export function trialImage(
  atLeast: number,
  { minimum, multiple }: Pick<ModelManifest, 'minimum' | 'multiple'>,
): DecodedSamples {
  const side = Math.ceil(Math.max(atLeast, minimum) / multiple) * multiple
  return {
    width: side,
    height: side,
    channels: 3,
    samples: new Uint8Array(side * side * 3).fill(128),
    max: 255,
    converted: [],
  }
}
