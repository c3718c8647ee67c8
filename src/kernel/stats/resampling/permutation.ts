import type { Work } from '../work.ts'
import { type Clusters, clustersBySize, rowsByCluster } from './clusters.ts'
import type { Rng } from './rng.ts'

/**
 * How rows of y are exchanged under the hypothesis that x and y have nothing to do with each other. `rows` exchanges the
 * rows inside each image, which is all that is allowed when images differ in level (the within-image view). `images`
 * also exchanges whole images among those with equally many rows, so the likeness of rows of one image stays in the
 * null distribution, where a free shuffle of all rows would lose it and make p too small.
 */
export type Exchange = 'rows' | 'images'

/** Writes random exchanges of rows into `permutation`: row i gets the y of row `permutation[i]`. */
export function exchanger(
  clusters: Clusters,
  exchange: Exchange,
  rng: Rng,
): (permutation: Int32Array) => void {
  const { start, rows } = rowsByCluster(clusters)
  const order = rows.slice()
  const sizes = Array.from({ length: clusters.count }, (_, c) => start[c + 1] - start[c])
  const strata = [...clustersBySize(sizes)].map(([size, members]) => ({
    size,
    targets: Int32Array.from(members),
    sources: Int32Array.from(members),
  }))
  return permutation => {
    for (const { size, targets, sources } of strata) {
      if (exchange === 'images') rng.shuffle(sources)
      for (let m = 0; m < targets.length; m++) {
        const from = start[sources[m]]
        const to = start[targets[m]]
        // The order of rows inside a cluster carries no meaning, so it may be shuffled in place.
        rng.shuffle(rows, from, from + size)
        for (let k = 0; k < size; k++) permutation[order[to + k]] = rows[from + k]
      }
    }
  }
}

export interface PermutationOptions {
  permutations: number
  exchange: Exchange
  rng: Rng
}

/**
 * Two-sided permutation p of statistics that depend on how y's rows are assigned: (1 + the number of permutations whose
 * absolute statistic reaches that of the data) / (1 + permutations), so p is never 0 (Phipson and Smyth, "Permutation
 * p-values should never be zero", 2010). Yields the share of work done after each permutation.
 *
 * @param statistics writes all statistics for the assignment `permutation` of y's rows to the rows of x
 */
export function* permuting(
  size: number,
  statistics: (permutation: Int32Array, out: Float64Array) => void,
  clusters: Clusters,
  { permutations, exchange, rng }: PermutationOptions,
): Work<Float64Array> {
  const permutation = Int32Array.from(clusters.of, (_, row) => row)
  const observed = new Float64Array(size)
  statistics(permutation, observed)
  // Equal arrangements may be summed in another order; they still count as reaching the data's.
  const threshold = observed.map(value => Math.abs(value) * (1 - 1e-12))
  const reached = new Float64Array(size)
  const out = new Float64Array(size)
  const next = exchanger(clusters, exchange, rng)
  for (let b = 0; b < permutations; b++) {
    next(permutation)
    statistics(permutation, out)
    for (let j = 0; j < size; j++) if (Math.abs(out[j]) >= threshold[j]) reached[j]++
    yield (b + 1) / permutations
  }
  return reached.map((count, j) =>
    Number.isNaN(observed[j]) ? Number.NaN : (count + 1) / (permutations + 1),
  )
}
