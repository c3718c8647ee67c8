import { centreWithin } from '../correlation/centre.ts'
import { type Clusters, clustersOf } from '../resampling/clusters.ts'
import type { View } from './views.ts'

/** A named column of numbers; NaN is a missing value. */
export interface Column {
  name: string
  values: Float64Array
}

/** Columns over the rows that have all of them, ready for statistics. */
export interface Sample {
  /** Rows of the table. */
  rows: Int32Array
  clusters: Clusters
  /** Reads a column at the rows, centred by image in a within-image view. */
  take(column: Column): Float64Array
}

/** The rows of a view in which no column is missing; in a within-image view, of images with two such rows or more. */
export function sampleOf(view: View, columns: readonly Column[], images: Clusters): Sample {
  let rows = view.rows.filter(row => columns.every(({ values }) => Number.isFinite(values[row])))
  if (view.kind === 'within-image') {
    const perImage = new Int32Array(images.count)
    for (const row of rows) perImage[images.of[row]]++
    rows = rows.filter(row => perImage[images.of[row]] >= 2)
  }
  const clusters = clustersOf(images, rows)
  return {
    rows,
    clusters,
    take({ values }) {
      const taken = new Float64Array(rows.length)
      for (let k = 0; k < rows.length; k++) taken[k] = values[rows[k]]
      return view.kind === 'within-image' ? centreWithin(taken, clusters) : taken
    },
  }
}

/** Predictors that share their rows, so that they can share ranks and draws. */
export interface SharedSample {
  sample: Sample
  xs: Column[]
}

/** Samples of each x with y and the given columns; predictors with the same rows share one. */
export function samplesByRows(
  view: View,
  xs: readonly Column[],
  others: readonly Column[],
  images: Clusters,
): SharedSample[] {
  const shared: SharedSample[] = []
  for (const x of xs) {
    const sample = sampleOf(view, [x, ...others], images)
    const same = shared.find(({ sample: known }) => sameRows(known.rows, sample.rows))
    if (same) same.xs.push(x)
    else shared.push({ sample, xs: [x] })
  }
  return shared
}

const sameRows = (a: Int32Array, b: Int32Array) => a.length === b.length && a.every((row, k) => row === b[k])

/** All values equal, or none there. */
export function constant(values: Float64Array): boolean {
  return values.every(value => value === values[0])
}
