import { kendallPermuted } from '../correlation/kendall.ts'
import { dot } from '../correlation/pearson.ts'
import { midranks } from '../correlation/ranks.ts'
import { type Exchange, permuting } from '../resampling/permutation.ts'
import { permutationLimit } from '../resampling/permutation-limit.ts'
import { createRng } from '../resampling/rng.ts'
import { part, type Work } from '../work.ts'
import { residuals } from './residuals.ts'
import type { Sample } from './sample.ts'
import type { View } from './views.ts'

/** From this many images on, p is taken from the normal limit of the permutation distribution. */
const LIMIT_IMAGES = 1000

interface Columns {
  valuesX: readonly Float64Array[]
  /** Midranks of the predictors. */
  ranks: readonly Float64Array[]
  valuesY: Float64Array
  given: readonly Float64Array[]
}

/**
 * Permutation p of SRCC, PLCC and KRCC of each x with y. Given columns are first taken out of both (Freedman and Lane, "A
 * nonstochastic interpretation of reported significance levels", 1983).
 *
 * @param kendall whether KRCC's is wanted; NaN otherwise
 */
export function* permutationP(
  view: View,
  { clusters }: Sample,
  { valuesX, ranks, valuesY, given }: Columns,
  { permutations, seed, kendall }: { permutations: number; seed: number; kendall: boolean },
): Work<Record<'srcc' | 'plcc' | 'krcc', Float64Array>> {
  const size = valuesX.length
  const none = new Float64Array(size).fill(Number.NaN)
  if (permutations === 0 || size === 0) return { srcc: none, plcc: none, krcc: none }
  const exchange: Exchange = view.kind === 'within-image' ? 'rows' : 'images'
  const givenRanks = given.map(midranks)
  const empty = new Float64Array(valuesY.length)
  const left = (values: Float64Array, others: readonly Float64Array[]) => residuals(values, others) ?? empty
  const a = [...ranks.map(x => left(x, givenRanks)), ...valuesX.map(x => left(x, given))]
  const b = [left(midranks(valuesY), givenRanks), left(valuesY, given)]
  const ofY = (j: number) => b[j < size ? 0 : 1]
  if (clusters.count >= LIMIT_IMAGES) {
    const p = new Float64Array(2 * size)
    for (let j = 0; j < 2 * size; j++) {
      p[j] = permutationLimit(a[j], ofY(j), clusters, exchange)
      yield (j + 1) / (2 * size)
    }
    return { srcc: p.slice(0, size), plcc: p.slice(size), krcc: none }
  }
  const moved = b.map(values => new Float64Array(values.length))
  const products = (permutation: Int32Array, out: Float64Array) => {
    for (let row = 0; row < permutation.length; row++) {
      moved[0][row] = b[0][permutation[row]]
      moved[1][row] = b[1][permutation[row]]
    }
    for (let j = 0; j < 2 * size; j++) out[j] = dot(a[j], moved[j < size ? 0 : 1])
  }
  const how = { permutations, exchange }
  const p = yield* part(permuting(2 * size, products, clusters, { ...how, rng: createRng(seed) }), 0, 0.5)
  const krcc = kendall
    ? yield* part(
        permuting(size, kendallPermuted(valuesX, valuesY), clusters, { ...how, rng: createRng(seed) }),
        0.5,
        1,
      )
    : none
  return { srcc: p.slice(0, size), plcc: p.slice(size), krcc }
}
