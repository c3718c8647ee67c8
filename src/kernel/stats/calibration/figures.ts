import { type RelateOptions, relating } from '../analysis/relations.ts'
import type { Column } from '../analysis/sample.ts'
import { type ViewRow, viewsOf } from '../analysis/views.ts'
import { clusterBy } from '../resampling/clusters.ts'
import { part, type Work } from '../work.ts'

/** How good cross-validated estimates are in one view. */
export interface CalibrationFigures {
  view: string
  rows: number
  images: number
  srcc: number | null
  srccLow: number | null
  srccHigh: number | null
  plcc: number | null
  /** Mean absolute and root mean square error on the scale of y; null within images, where levels are taken out. */
  mae: number | null
  rmse: number | null
  note?: string
}

/** Figures of estimates against y, pooled and within images, for all methods and for each group. */
export function* calibrationFigures(
  rows: readonly ViewRow[],
  y: Column,
  estimates: Float64Array,
  groups: Readonly<Record<string, readonly string[]>>,
  { draws, seed }: { draws: number; seed: number },
): Work<CalibrationFigures[]> {
  const views = viewsOf(rows, ['pooled', 'within-image'], groups)
  const images = clusterBy(rows.map(row => row.id))
  const figures: CalibrationFigures[] = []
  for (const [v, view] of views.entries()) {
    const options: RelateOptions = {
      draws,
      permutations: 0,
      level: 0.95,
      given: [],
      logistic: 4,
      seed,
      signOf: () => 1,
    }
    const work = relating(view, [{ name: 'estimate', values: estimates }], y, images, options)
    const { relations } = yield* part(work, v / views.length, (v + 1) / views.length)
    const [{ rows: count, images: covered, srcc, plcc, notes }] = relations
    const errors = [...view.rows]
      .map(row => estimates[row] - y.values[row])
      .filter(error => view.kind === 'pooled' && Number.isFinite(error))
    const mean = (power: (error: number) => number) =>
      errors.length > 0 ? errors.reduce((sum, error) => sum + power(error), 0) / errors.length : null
    const square = mean(error => error ** 2)
    figures.push({
      view: view.name,
      rows: count,
      images: covered,
      srcc: srcc.value,
      srccLow: srcc.low,
      srccHigh: srcc.high,
      plcc: plcc.value,
      mae: mean(Math.abs),
      rmse: square === null ? null : Math.sqrt(square),
      ...(srcc.value === null && notes[0] && { note: notes[0] }),
    })
  }
  return figures
}
