import { setImmediate as nextTurn } from 'node:timers/promises'
import { bicubicBands } from './bicubic-bands.ts'
import type { Engine } from './engine.ts'

/** Bicubic interpolation: the baseline that adds nothing. Needs no tiles. */
export function interpolationEngine(scale: number): Engine {
  return {
    scale,
    close: async () => {},
    enlarge: (image, { signal }) => ({
      tiles: 1,
      bands: (async function* () {
        for (const band of bicubicBands(image, scale)) {
          await nextTurn()
          signal.throwIfAborted()
          yield band
        }
      })(),
    }),
  }
}
